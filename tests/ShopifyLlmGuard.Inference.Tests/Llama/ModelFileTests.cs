namespace ShopifyLlmGuard.Inference.Tests.Llama;

/// <summary>A model that cannot be served is one line on standard error and exit code 1: no crash, no hang, no stack trace.</summary>
public sealed class ModelFileTests
{
    private static readonly byte[] Whole = File.ReadAllBytes(Models.Endless);

    public static TheoryData<string> Kinds =>
        ["empty", "missing", "directory", "text", "unreadable-parent", "nan", "overflow", "no-template", "unknown-template", "end-outside", "wrong-sum"];

    public static TheoryData<int> Cuts
    {
        get
        {
            int[] early = [1, 3, 4, 7, 8, 12, 16, 20, 24, 30, 40, 100, 500, 1000, 3000, 5000];
            return [.. early, Whole.Length / 2, Whole.Length * 9 / 10, Whole.Length - 4096, Whole.Length - 1];
        }
    }

    // The magic, the version, the tensor count, the entry count, the first key's length, the first value's type.
    public static TheoryData<int> Flips => [0, 1, 2, 3, 4, 5, 7, 8, 10, 12, 15, 16, 18, 21, 23, 24, 27, 31, 32, 40, 52, 55];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_useless_file_is_one_line(string kind)
    {
        var path = Models.NewPath();
        string[] arguments = [];
        switch (kind)
        {
            case "empty": await File.WriteAllBytesAsync(path, []); break;
            case "directory": Directory.CreateDirectory(path); break;
            case "text": await File.WriteAllTextAsync(path, string.Concat(Enumerable.Repeat("This is no model.\n", 1000))); break;
            case "unreadable-parent": path = Path.Combine(Models.Endless, "inside-a-file.gguf"); break;
            case "nan": new TinyModel { Constant = float.NaN }.Write(path); break;
            case "overflow": new TinyModel { OutputConstant = 3e38f }.Write(path); break;
            case "no-template": new TinyModel { Template = null }.Write(path); break;
            case "unknown-template": new TinyModel { Template = "{{ messages | tojson }}" }.Write(path); break;
            case "end-outside": new TinyModel { EndId = 100_000 }.Write(path); break;
            case "wrong-sum":
                path = Models.Endless;
                arguments = ["--Inference:ModelSha256", new string('a', 64)];
                break;
        }

        await RefusesAsync(path, arguments);
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task A_truncated_file_is_one_line(int length)
    {
        var path = Models.NewPath();
        await File.WriteAllBytesAsync(path, Whole[..length]);

        await RefusesAsync(path);
    }

    [Theory]
    [MemberData(nameof(Flips))]
    public async Task A_flipped_byte_in_the_header_is_one_line(int offset)
    {
        var path = Models.NewPath();
        byte[] flipped = [.. Whole];
        flipped[offset] ^= 0xFF;
        await File.WriteAllBytesAsync(path, flipped);

        await RefusesAsync(path);
    }

    [Fact]
    public async Task The_right_sum_is_served()
    {
        var sum = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(Whole));
        await using var host = await HostProcess.ReadyAsync(Models.Endless, "--Inference:ModelSha256", sum);

        Assert.Equal("ok", (await host.HealthAsync()).GetProperty("status").GetString());
    }

    [Fact]
    public async Task More_context_than_the_model_knows_is_refused()
    {
        await using var host = HostProcess.Start(["--model", Models.Endless, "--Inference:Context", "999999"]);

        Assert.Equal(1, await host.ExitCodeAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains("16384", Assert.Single(host.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_takes_too_long_is_given_up()
    {
        await using var host = HostProcess.Start(["--model", Models.Endless, "--Inference:LoadWithin", "00:00:00.001"]);

        Assert.Equal(1, await host.ExitCodeAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains("was not loaded within", Assert.Single(host.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_crash_of_the_library_is_one_line()
    {
        // llama.cpp 0.5.0 ends its process over more layers than it has room for.
        var path = new TinyModel { MissingLayers = 1000 }.Write(Models.NewPath());
        await using var host = HostProcess.Start(["--model", path]);

        Assert.Equal(1, await host.ExitCodeAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains("llama.cpp crashed", Assert.Single(host.Errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nowhere/libllama.so", "missing")]
    [InlineData("/bin/true", "not a library")]
    [InlineData("/lib/x86_64-linux-gnu/libm.so.6", "is not llama.cpp")]
    public async Task Another_library_is_refused(string library, string reason)
    {
        await using var host = HostProcess.Start(["--model", Models.Endless], ("LLAMA_LIBRARY", library));

        Assert.Equal(1, await host.ExitCodeAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains(reason, Assert.Single(host.Errors), StringComparison.Ordinal);
    }

    private static async Task RefusesAsync(string path, params string[] arguments)
    {
        await using var host = HostProcess.Start(["--model", path, .. arguments]);

        Assert.Equal(1, await host.ExitCodeAsync(TimeSpan.FromSeconds(30)));
        Assert.StartsWith($"Cannot serve the model {path}: ", Assert.Single(host.Errors), StringComparison.Ordinal);
    }
}
