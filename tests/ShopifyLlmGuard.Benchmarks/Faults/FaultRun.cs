using ShopifyLlmGuard.Tests;
using ShopifyLlmGuard.Tests.Faults;

namespace ShopifyLlmGuard.Benchmarks.Faults;

/// <summary>One fault, every repetition on endpoints of its own that nobody has seen fail yet, while healthy traffic goes on.</summary>
internal sealed class FaultRun(PostgresCluster postgres, Portkey portkey, Fault fault, int repetitions, FaultTimes? times = null) : IAsyncDisposable
{
    private const string Guard = "guard", Peer = "portkey";
    private const int LoadPerSecond = 10;

    // So many first failures at the same time look like a disaster, in which retries must stop; here each stands for itself.
    public static readonly (string, string)[] Mass =
        [("Llm:RetryShare", "1"), ("Llm:HedgeShare", "0.5"), ("Llm:Bulkhead:PerFeature", "1000"), ("Llm:Bulkhead:PerShop", "500")];

    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan NoEnd = TimeSpan.FromSeconds(60);
    private readonly FaultField faulty = new(times, wellAtFirst: true);
    private readonly HttpClient http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 512 }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Requests that an endpoint of another lane saw: words outside their jurisdiction.</summary>
    public int Strays => faulty.Llm.Requests.Count(seen => seen.Caller is not null && !seen.Model.Contains($".{seen.Caller}-", StringComparison.Ordinal));

    public async Task<IReadOnlyList<FaultRow>> RunAsync()
    {
        var lanes = (from streamed in (bool[])[false, true]
                     from number in Enumerable.Range(0, repetitions)
                     // The Portkey package answers every stream with a 500 here, also without a fault.
                     from system in streamed ? (string[])[Guard] : [Guard, Peer]
                     select (system, streamed, number, lane: faulty.Add(fault, $"{system}{(streamed ? "s" : "p")}{number}"))).ToList();
        var load = faulty.Add(new("load", "healthy traffic", "ok"), "load");
        await using var server = await GuardServer.StartAsync(postgres, [.. faulty.Settings, .. Mass]);
        var keys = new Dictionary<FaultLane, string> { [load] = await server.KeyAsync(load.Jurisdiction) };
        foreach (var (_, _, _, lane) in lanes.Where(call => call.system == Guard))
        {
            keys[lane] = await server.KeyAsync(lane.Jurisdiction);
        }

        await server.RunAsync();
        await WarmAsync(server, load, keys[load]);
        using var enough = new CancellationTokenSource();
        var traffic = LoadAsync(server, load, keys[load], enough.Token);
        faulty.Break();
        var calls = await Task.WhenAll(lanes.Select(async call =>
        {
            await Task.Delay(Apart * call.number, TimeProvider.System);
            return (call.system, call.streamed, result: await OneAsync(server, call.system, call.lane, call.streamed, keys.GetValueOrDefault(call.lane)));
        }));
        await enough.CancelAsync();
        await traffic;
        return [.. calls.GroupBy(call => (call.system, call.streamed))
            .Select(same => new FaultRow(fault, same.Key.system, same.Key.streamed, [.. same.Select(call => call.result)]))];
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await faulty.DisposeAsync();
    }

    private async Task<FaultCall> OneAsync(GuardServer server, string system, FaultLane lane, bool streamed, string? key)
    {
        var began = TimeProvider.System.GetTimestamp();
        var told = system == Guard
            ? await AskAsync(server.Url, lane, streamed, new() { ["Authorization"] = $"Bearer {key}" })
            : await AskAsync(portkey.Url, lane, streamed, Portkey.Headers([.. lane.Targets(faulty.Llm)]));
        var atFirst = faulty.Llm.AttemptsAt(lane.Primary);
        return new(
            FaultVerdict.Of(lane, told, atFirst, faulty.Llm.AttemptsAt(lane.Secondary).Count), told, TimeProvider.System.GetElapsedTime(began), atFirst.Count,
            told?.IsTruncated == true);
    }

    private async Task<Told?> AskAsync(string url, FaultLane lane, bool streamed, Dictionary<string, string> headers)
    {
        using var limit = new CancellationTokenSource(NoEnd, TimeProvider.System);
        try
        {
            return await new FaultCaller(http).AskAsync($"{url}/v1/chat/completions", lane.Name, streamed, headers, limit.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    // Both systems have compiled and connected before anything is timed.
    private async Task WarmAsync(GuardServer server, FaultLane load, string key)
    {
        for (var call = 0; call < 6; call++)
        {
            await AskAsync(server.Url, load, call % 2 == 0, new() { ["Authorization"] = $"Bearer {key}" });
            await AskAsync(portkey.Url, load, call % 2 == 0, Portkey.Headers([.. load.Targets(faulty.Llm)]));
        }
    }

    private async Task LoadAsync(GuardServer server, FaultLane load, string key, CancellationToken until)
    {
        using var ticks = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / LoadPerSecond), TimeProvider.System);
        var calls = new List<Task>();
        for (var call = 0; !until.IsCancellationRequested; call++)
        {
            calls.Add(AskAsync(server.Url, load, call % 2 == 0, new() { ["Authorization"] = $"Bearer {key}" }));
            await ticks.WaitForNextTickAsync(CancellationToken.None);
        }

        await Task.WhenAll(calls);
    }
}
