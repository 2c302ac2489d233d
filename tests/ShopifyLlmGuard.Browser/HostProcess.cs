using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ShopifyLlmGuard.Browser;

/// <summary>One of our programs, really running, that a test may kill, freeze, thaw and start again.</summary>
internal sealed partial class HostProcess(string name, string contentRoot, IReadOnlyDictionary<string, string> environment, string url)
    : IAsyncDisposable
{
    private const int Kill = 9, Terminate = 15, Continue = 18, Stop = 19;
    private static readonly HttpClient Http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(1) })
    {
        Timeout = TimeSpan.FromSeconds(5),
    };

    private Process? process;
    private StreamWriter? log;
    private string readyAt = "/";

    public string Url => url;

    public int Id => process?.Id ?? throw new InvalidOperationException($"{name} is not running.");

    public string LogPath { get; } = Path.Combine(Directory.CreateTempSubdirectory("guard-log-").FullName, name + ".log");

    public async Task StartAsync(string readyPath)
    {
        readyAt = readyPath;
        var start = new ProcessStartInfo(Programs.Path(name), ["--urls", url, "--contentRoot", contentRoot])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        log ??= new StreamWriter(LogPath, append: true) { AutoFlush = true };
        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Write(line.Data);
        process.ErrorDataReceived += (_, line) => Write(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await Eventually.TrueAsync(() => AnswersAsync(readyPath), $"{name} answers {readyPath} (log: {LogPath})", 60);
    }

    /// <summary>Kills what may be left of it, then starts it as before.</summary>
    public async Task RestartAsync()
    {
        if (process is { HasExited: false })
        {
            KillNow();
        }

        await process!.WaitForExitAsync();
        await StartAsync(readyAt);
    }

    /// <summary>Whether bytes lie in one of its connections that it has not read; a line of /proc/net/tcp is <c>sl local remote state tx:rx …</c>.</summary>
    public bool HasUnreadRequest()
    {
        var port = $":{new Uri(url).Port:X4}";
        return File.ReadLines("/proc/net/tcp").Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Any(parts => parts[1].EndsWith(port, StringComparison.Ordinal) && parts[3] == "01" && !parts[4].EndsWith(":00000000", StringComparison.Ordinal));
    }

    public void KillNow() => Signal(Kill);

    public void Freeze() => Signal(Stop);

    public void Thaw() => Signal(Continue);

    public async Task TerminateAsync()
    {
        Signal(Terminate);
        await process!.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
    }

    public async Task<bool> AnswersAsync(string path)
    {
        if (process is null or { HasExited: true })
        {
            throw new InvalidOperationException($"{name} ended; its log is {LogPath}");
        }

        try
        {
            using var response = await Http.GetAsync(new Uri(url + path));
            return response.IsSuccessStatusCode;
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    public async Task<bool> ContainsAsync(string path, string words) =>
        (await Http.GetStringAsync(new Uri(url + path))).Contains(words, StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false })
        {
            Signal(Continue);
            Signal(Kill);
            await process.WaitForExitAsync();
        }

        process?.Dispose();
        log?.Dispose();
    }

    private void Write(string? line)
    {
        if (line is not null)
        {
            lock (LogPath)
            {
                log!.WriteLine(line);
            }
        }
    }

    private void Signal(int signal)
    {
        if (SendSignal(Id, signal) != 0)
        {
            throw new InvalidOperationException($"kill -{signal} {Id} ({name}) failed with errno {Marshal.GetLastPInvokeError()}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);
}
