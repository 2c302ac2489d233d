using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using ShopifyLlmGuard.Inference.Engine;

namespace ShopifyLlmGuard.Inference.Tests;

/// <summary>The inference host as a process of its own, as it runs in production.</summary>
internal sealed partial class HostProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = [];
    private readonly ConcurrentQueue<string> _errors = [];
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HostProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Receive(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(_errors, line.Data);
        _process.Start();
        _process.StandardInput.Close();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public HttpClient Http { get; } = new(new SocketsHttpHandler { MaxConnectionsPerServer = 64 }) { Timeout = TimeSpan.FromSeconds(60) };

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string[] Output => [.. _output];

    public string[] Errors => [.. _errors];

    /// <summary>Starts it and waits until the model answers.</summary>
    public static async Task<HostProcess> ReadyAsync(string model, params string[] arguments)
    {
        var host = Start(["--model", model, .. arguments]);
        host.Http.BaseAddress = await host.ListeningAsync();
        await host.UntilAsync(health => health is not null);
        return host;
    }

    /// <summary>The same, with standard output and standard error on a disk without room.</summary>
    public static async Task<HostProcess> ReadyWithFullDiskAsync(string model, params string[] arguments)
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var address = $"http://{free.LocalEndpoint}";
        free.Stop();
        var normal = Information(["--model", model, .. arguments, "--urls", address]);
        var start = new ProcessStartInfo("bash", ["-c", "exec \"$0\" \"$@\" >/dev/full 2>&1", normal.FileName, .. normal.ArgumentList])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var host = new HostProcess(start) { Http = { BaseAddress = new Uri(address) } };
        await host.UntilListeningAsync();
        await host.UntilAsync(health => health is not null);
        return host;
    }

    /// <summary>The same on a machine with an NVIDIA driver, as far as files can tell: in a view of them that only it has.</summary>
    public static async Task<HostProcess> ReadyBesideGpuAsync(string model)
    {
        var driver = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(Models.NewPath())!, "nvidia")).FullName;
        await File.WriteAllTextAsync(Path.Combine(driver, "version"), "NVRM version: a driver without a library");
        var normal = Information(["--model", model]);
        var start = new ProcessStartInfo(
            "unshare",
            ["--mount", "bash", "-c", "mount --bind \"$0\" /proc/driver && exec \"$@\"", Path.GetDirectoryName(driver)!, normal.FileName, .. normal.ArgumentList])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var host = new HostProcess(start);
        host.Http.BaseAddress = await host.ListeningAsync();
        await host.UntilAsync(health => health is not null);
        return host;
    }

    /// <summary>Runs a small tool to its end.</summary>
    public static void Run(string tool, params string[] arguments)
    {
        using var process = Process.Start(tool, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    public static HostProcess Start(string[] arguments, params (string Key, string? Value)[] environment)
    {
        var start = Information(arguments);
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        return new HostProcess(start);
    }

    private static ProcessStartInfo Information(string[] arguments)
    {
        var start = new ProcessStartInfo(
            Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet")),
            [typeof(ModelHost).Assembly.Location, "--urls", "http://127.0.0.1:0", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment.Remove("MODEL");
        return start;
    }

    private async Task UntilListeningAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                using var response = await Http.GetAsync("/health", limit.Token);
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
            }
        }
    }

    public async Task<Uri> ListeningAsync()
    {
        var exit = _process.WaitForExitAsync();
        return await Task.WhenAny(_address.Task, exit) == exit
            ? throw new InvalidOperationException($"The host ended: {string.Join(' ', _errors)}")
            : await _address.Task;
    }

    public async Task<int> ExitCodeAsync(TimeSpan limit)
    {
        await _process.WaitForExitAsync().WaitAsync(limit);
        // The first wait may return before the last lines have been read.
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>The same, of a process whose output somebody else still holds open.</summary>
    public async Task<int> GoneAsync(TimeSpan limit)
    {
        using var over = new CancellationTokenSource(limit);
        while (!_process.HasExited)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, over.Token);
        }

        return _process.ExitCode;
    }

    public async Task<JsonElement> HealthAsync() => (await Http.GetFromJsonAsync<JsonElement>("/health"));

    /// <summary>Asks for health until it is as wanted; null stands for "still loading".</summary>
    public async Task UntilAsync(Func<JsonElement?, bool> isWanted)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            using var response = await Http.GetAsync("/health");
            JsonElement? health = response.StatusCode == HttpStatusCode.OK ? await response.Content.ReadFromJsonAsync<JsonElement>() : null;
            if (isWanted(health))
            {
                return;
            }

            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(30))
            {
                throw new TimeoutException($"Health stayed {health}; {string.Join(' ', _errors)}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    public async Task<string> MetricAsync(string line) =>
        (await Http.GetStringAsync("/metrics")).Split('\n').FirstOrDefault(each => Regex.IsMatch(each, line)) is { } found
            ? found.Split(' ')[1]
            : "";

    public Task<HttpResponseMessage> AskAsync(object body, long? deadline = null, CancellationToken cancellationToken = default)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = body as HttpContent ?? JsonContent.Create(body),
        };
        if (deadline is not null)
        {
            request.Headers.Add("X-Deadline-Ms", deadline.ToString());
        }

        return Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    public void Send(string signal) => Process.Start("kill", [$"-{signal}", _process.Id.ToString()]).WaitForExit();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Receive(string? line)
    {
        Keep(_output, line);
        if (line is not null && Listening().Match(line) is { Success: true } match)
        {
            _address.TrySetResult(new Uri(match.Groups[1].Value));
        }
    }

    private static void Keep(ConcurrentQueue<string> lines, string? line)
    {
        if (!string.IsNullOrEmpty(line))
        {
            lines.Enqueue(line);
        }
    }

    [GeneratedRegex("Now listening on: (http://\\S+)")]
    private static partial Regex Listening();
}
