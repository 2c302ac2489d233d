using System.Diagnostics;
using System.Net.Http.Json;

namespace ShopifyLlmGuard.Benchmarks.Gateway;

/// <summary>One system under load: how it is asked, and which process it is.</summary>
internal sealed class LoadedSystem(string name, string url, int? pid, IReadOnlyDictionary<string, string> headers) : IDisposable
{
    private const int Workers = 64;
    private readonly HttpClient http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 512 }) { Timeout = TimeSpan.FromSeconds(20) };

    private int answers;

    public string Name => name;

    public double Megabytes
    {
        get
        {
            if (pid is not { } id)
            {
                return 0;
            }

            using var process = Process.GetProcessById(id);
            return Math.Round(process.WorkingSet64 / 1e6, 1);
        }
    }

    /// <summary>The processor time that it has used.</summary>
    public TimeSpan Processor
    {
        get
        {
            using var process = pid is { } id ? Process.GetProcessById(id) : null;
            return process?.TotalProcessorTime ?? TimeSpan.Zero;
        }
    }

    /// <summary>Good answers so far.</summary>
    public int Answers => answers;

    /// <summary>A core of its own, so that load generator and upstream do not compete with it.</summary>
    public async Task PinAsync(string cores)
    {
        if (pid is { } id)
        {
            using var taskset = Process.Start(new ProcessStartInfo("taskset", ["-a", "-c", "-p", cores, $"{id}"]) { RedirectStandardOutput = true })!;
            await taskset.WaitForExitAsync();
        }
    }

    public async Task<bool> SendAsync(int index)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url + "/v1/chat/completions")
        {
            Content = JsonContent.Create(new { model = "guard", max_tokens = 64, messages = new[] { new { role = "user", content = $"Which thermometer is good for a baby? ({index})" } } }),
        };
        foreach (var (key, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(key, value);
        }

        try
        {
            using var response = await http.SendAsync(request);
            var isGood = response.IsSuccessStatusCode && (await response.Content.ReadAsStringAsync()).Contains("take a look", StringComparison.Ordinal);
            Interlocked.Add(ref answers, isGood ? 1 : 0);
            return isGood;
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    /// <summary>Answers a second when every worker asks again at once, and the processor time that each one took.</summary>
    public async Task<Limit> LimitAsync(TimeSpan length)
    {
        var (before, processor, watch) = (Answers, Processor, Stopwatch.StartNew());
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(async worker =>
        {
            for (var call = worker; watch.Elapsed < length; call += Workers)
            {
                await SendAsync(call);
            }
        }));
        var good = Answers - before;
        return new(good / watch.Elapsed.TotalSeconds, (Processor - processor).TotalMicroseconds / Math.Max(1, good));
    }

    public void Dispose() => http.Dispose();
}

/// <summary>What a system gives at most.</summary>
/// <param name="PerSecond">Good answers a second.</param>
/// <param name="Microseconds">Of the processor, for each.</param>
internal sealed record Limit(double PerSecond, double Microseconds);
