using System.Diagnostics;
using System.Globalization;
using ShopifyLlmGuard.Browser;
using ShopifyLlmGuard.Tests;
using ShopifyLlmGuard.Tests.Faults;
using ShopifyLlmGuard.Tests.Llm;

namespace ShopifyLlmGuard.Benchmarks;

/// <summary>
/// How soon a broken host is out of rotation and a mended one back, at the defaults: a real inference host with a real model, really
/// frozen, killed and started again; and a played one that takes work, computes nothing, and says so in its metrics only.
/// </summary>
internal static class Recovery
{
    private static readonly int Repetitions = int.Parse(Environment.GetEnvironmentVariable("REPETITIONS") ?? "10", CultureInfo.InvariantCulture);
    private const string Idle = "llm_running 0\nllm_busy_for_seconds 0\n";
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    public static async Task<Report> RunAsync()
    {
        using var postgres = new PostgresCluster();
        await using var host = new HostProcess(
            "ShopifyLlmGuard.Inference", Path.Combine(Programs.Root, "app", "ShopifyLlmGuard.Inference"),
            new Dictionary<string, string> { ["Inference__Model"] = Path.Combine(Programs.Root, "infra", "demo-model", "carewell-demo.gguf") },
            $"http://127.0.0.1:{Programs.FreePort()}");
        await host.StartAsync("/health");
        await using var played = await ScriptedLlm.StartAsync();
        played.Metrics = () => Idle;
        await using var server = await GuardServer.StartAsync(postgres, [.. Endpoint(0, "real", host.Url), .. Endpoint(1, "played", played.Url)]);
        var key = await server.KeyAsync("real");
        await server.RunAsync();
        List<double> frozen = [], back = [], wedged = [];
        for (var repetition = 0; repetition < Repetitions; repetition++)
        {
            await UntilAsync(server, "real", isUp: true);
            await UntilAsync(server, "played", isUp: true);
            frozen.Add(await FreezeAsync(server, host, key));
            await host.RestartAsync();
            back.Add(await UntilAsync(server, "real", isUp: true));
            wedged.Add(await WedgeAsync(server, played));
        }

        return new("recovery",
        [
            Target.AtMost("frozen host with work out of rotation, slowest", frozen.Max(), "s", 5),
            Target.AtMost("wedged host behind a green light out of rotation, slowest", wedged.Max(), "s", 5),
            Target.AtMost("killed host back to Live after it is ready, slowest", back.Max(), "s", 10),
        ], new Dictionary<string, object> { ["repetitions"] = Repetitions, ["frozen"] = frozen, ["wedged"] = wedged, ["back"] = back });
    }

    private static async Task<double> FreezeAsync(GuardServer server, HostProcess host, string key)
    {
        using var http = new HttpClient(new SocketsHttpHandler()) { Timeout = TimeSpan.FromSeconds(30) };
        var asking = new FaultCaller(http).AskAsync(
            $"{server.Url}/v1/chat/completions", "real", true, new Dictionary<string, string> { ["Authorization"] = $"Bearer {key}" }, CancellationToken.None);
        host.Freeze();
        var took = await UntilAsync(server, "real", isUp: false);
        await asking;
        return took;
    }

    private static async Task<double> WedgeAsync(GuardServer server, ScriptedLlm played)
    {
        var began = Stopwatch.GetTimestamp();
        played.Metrics = () => string.Create(CultureInfo.InvariantCulture, $"llm_running 1\nllm_busy_for_seconds {Stopwatch.GetElapsedTime(began).TotalSeconds}\n");
        played.Hangs();
        var took = await UntilAsync(server, "played", isUp: false);
        played.Metrics = () => Idle;
        played.Answers("Well again.");
        return took;
    }

    /// <summary>Seconds until the server's own metrics say so.</summary>
    private static async Task<double> UntilAsync(GuardServer server, string endpoint, bool isUp)
    {
        using var http = new HttpClient(new SocketsHttpHandler()) { Timeout = TimeSpan.FromSeconds(5) };
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < Longest)
        {
            var line = (await http.GetStringAsync(new Uri(server.Url + "/metrics"))).Split('\n').FirstOrDefault(line =>
                line.StartsWith("guard_endpoint_state{", StringComparison.Ordinal) && line.Contains($"endpoint=\"{endpoint}\"", StringComparison.Ordinal));
            if (line is not null && line.Split(' ')[1] == "0" == isUp)
            {
                return Stopwatch.GetElapsedTime(began).TotalSeconds;
            }

            await timer.WaitForNextTickAsync();
        }

        return double.PositiveInfinity;
    }

    private static (string, string)[] Endpoint(int index, string id, string url) =>
    [
        ($"Llm:Endpoints:{index}:Id", id), ($"Llm:Endpoints:{index}:Url", url), ($"Llm:Endpoints:{index}:Region", id),
        ($"Llm:Endpoints:{index}:Jurisdiction", id), ($"Llm:Endpoints:{index}:Model", "carewell-demo"),
    ];
}
