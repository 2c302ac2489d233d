using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Llama;
using ShopifyLlmGuard.Inference.Llama.Gpu;

namespace ShopifyLlmGuard.Inference.Tests.Llama;

/// <summary>Which runtime computes, and where.</summary>
public sealed class RuntimesTests
{
    public static TheoryData<string> Names => [.. Runtimes.Names];

    /// <summary>In a process of its own: two llama.cpp do not fit into one.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_contract_holds_on_every_runtime_that_was_built_in(string name)
    {
        var start = new ProcessStartInfo(
            Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet")),
            ["vstest", typeof(SeamTests).Assembly.Location, "--TestCaseFilter:FullyQualifiedName~SeamTests"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["Inference__Runtime"] = name;
        using var tests = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var output = await tests.StandardOutput.ReadToEndAsync(limit.Token);
        await tests.WaitForExitAsync(limit.Token);

        Assert.True(tests.ExitCode == 0, output);
        Assert.Matches(@"Failed:\s+0, Passed:\s+[1-9]\d, Skipped:\s+0", output);
    }

    [Fact]
    public void One_process_uses_one_runtime()
    {
        Models.Load(Models.Endless).Dispose();

        Assert.Throws<ModelLoadException>(() => Runtimes.Create(new RuntimeSettings { Name = "another" }, NullLoggerFactory.Instance));
    }

    [Theory]
    [InlineData("Runtime", "Ollama")]
    [InlineData("GpuLayers", "many")]
    [InlineData("GpuLayers", "-1")]
    [InlineData("MainGpu", "first")]
    [InlineData("TensorSplit", "3;1")]
    [InlineData("TensorSplit", "1,NaN")]
    [InlineData("TensorSplit", "0,0")]
    public void A_mistake_names_its_setting(string key, string value)
    {
        var (_, mistakes) = Read((key, value));

        Assert.Contains($"Inference:{key}", Assert.Single(mistakes), StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_reach_a_child_process_unchanged()
    {
        var (settings, mistakes) = Read(("Runtime", Runtimes.Names[^1]), ("GpuLayers", "12"), ("MainGpu", "1"), ("TensorSplit", "3,1.5"));
        var there = RuntimeSettings.FromArgument(settings.ToArgument());

        Assert.Empty(mistakes);
        Assert.Equal((Runtimes.Names[^1], "/opt/llama", 12, 1), (there.Name, there.Library, there.Gpu.Layers, there.Gpu.Only));
        Assert.Equal([3f, 1.5f], there.Gpu.Split);
        Assert.Equal(GpuSettings.Automatic.Layers, Read(("GpuLayers", "auto")).Settings.Gpu.Layers);
    }

    [Fact]
    public async Task Layers_for_a_card_that_is_not_there_are_one_line()
    {
        await using var host = HostProcess.Start(["--model", Models.Endless, "--Inference:GpuLayers", "2"], ("CUDA_VISIBLE_DEVICES", ""));

        Assert.Equal(1, await host.ExitCodeAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains("found no GPU", Assert.Single(host.Errors), StringComparison.Ordinal);
    }

    private static (RuntimeSettings Settings, List<string> Mistakes) Read(params (string Key, string? Value)[] pairs)
    {
        var values = new ConfiguredValues(new ConfigurationBuilder()
            .AddInMemoryCollection(pairs.Select(pair => KeyValuePair.Create($"Inference:{pair.Key}", pair.Value))).Build().GetSection("Inference"));
        return (RuntimeSettings.Read(values, "/opt/llama"), values.Mistakes);
    }
}
