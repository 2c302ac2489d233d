using System.Diagnostics;
using System.Text;

namespace ShopifyLlmGuard.Browser;

/// <summary>A started <c>./run</c> on free ports; every process that descends from it carries a mark in its environment.</summary>
internal sealed class RunProcess : IAsyncDisposable
{
    private const string Mark = "GUARD_RUN_MARK";
    private readonly string mark = Guid.NewGuid().ToString("N");
    private readonly StringBuilder output = new();
    private readonly StringBuilder error = new();
    private readonly Process process;

    private RunProcess(ProcessStartInfo start)
    {
        start.Environment[Mark] = mark;
        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Append(output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(error, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Output => Read(output);

    public string Error => Read(error);

    public static RunProcess Start(string folder, string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var path = program.StartsWith("./", StringComparison.Ordinal) ? Path.Combine(folder, program) : program;
        // A session of its own, as a terminal gives to what one starts there.
        var start = new ProcessStartInfo("setsid", [path, .. arguments]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var port in new[] { "GUARD_PORT", "INFERENCE_PORT", "SIMULATOR_PORT", "POSTGRES_PORT" })
        {
            start.Environment[port] = Programs.FreePort().ToString();
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new(start);
    }

    public Task SaysAsync(string words, double seconds) => Eventually.TrueAsync(
        () => process.HasExited && !Output.Contains(words, StringComparison.Ordinal)
            ? throw new InvalidOperationException($"./run ended with {process.ExitCode} before it said '{words}':\n{Output}\n{Error}")
            : Task.FromResult(Output.Contains(words, StringComparison.Ordinal)),
        $"./run says '{words}'; so far:\n{Output}",
        seconds);

    /// <summary>A product page that holds our block, whose live answer comes from the model.</summary>
    public async Task ShopWorksAsync()
    {
        var port = process.StartInfo.Environment["SIMULATOR_PORT"];
        using var http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new($"http://localhost:{port}") };
        await Eventually.TrueAsync(async () => (await http.GetStringAsync(Shopper.Product)).Contains("<guard-recommendations", StringComparison.Ordinal), "the block is on the page", 60);
        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await http.GetAsync("/apps/guard/recommendations?product_id=8102&limit=3");
                return (await answer.Content.ReadAsStringAsync()).Contains("\"source\":\"live\"", StringComparison.Ordinal);
            },
            "recommendations are live",
            60);
    }

    public Task SignalAsync(string signal)
    {
        Shell.Run("kill", $"-{signal}", process.Id.ToString());
        return Task.CompletedTask;
    }

    /// <summary>Ctrl-C: a terminal tells every process that was started there, not only the first.</summary>
    public void Interrupt() => Shell.Run("kill", "-INT", "--", $"-{process.Id}");

    /// <summary>It ends by itself, with this code; what it said comes with the failure.</summary>
    public async Task EndsAsync(int code)
    {
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(3));
        Assert.True(process.ExitCode == code, $"./run ended with {process.ExitCode}, not {code}:\n{Output}\n{Error}");
    }

    /// <summary>Command lines of processes that carry this run's mark and still live.</summary>
    public IReadOnlyList<string> LeftBehind() =>
        [.. Directory.GetDirectories("/proc").Where(CarriesMark).Select(folder => File.ReadAllText(folder + "/cmdline").Replace('\0', ' '))];

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            await SignalAsync("TERM");
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private bool CarriesMark(string folder)
    {
        try
        {
            return int.TryParse(Path.GetFileName(folder), out _) && File.ReadAllText(folder + "/environ").Contains(mark, StringComparison.Ordinal);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void Append(StringBuilder text, string? line)
    {
        lock (text)
        {
            text.AppendLine(line);
        }
    }

    private static string Read(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }
}

internal static class Shell
{
    public static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
        }
    }
}
