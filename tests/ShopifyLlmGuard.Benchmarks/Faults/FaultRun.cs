using ShopifyLlmGuard.Tests;
using ShopifyLlmGuard.Tests.Faults;

namespace ShopifyLlmGuard.Benchmarks.Faults;

/// <summary>One fault, every repetition on endpoints of its own that nobody has seen fail yet, while healthy traffic goes on.</summary>
internal sealed class FaultRun : IAsyncDisposable
{
    public const int LoadPerSecond = 100;
    private const string Guard = "guard", Peer = "portkey";

    // Two calls each time, one retry for ten calls: the healthy traffic earns a few more than the faults use.
    public static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(250);

    /// <summary>How long the load alone runs before anything breaks: what compiles late is no fault's doing.</summary>
    public static readonly TimeSpan Settle = TimeSpan.FromSeconds(2);

    /// <summary>All callers of the gateway share its places, and here are more of them than one server is made for.</summary>
    public static readonly (string, string)[] Room = [("Llm:Bulkhead:PerFeature", "1000"), ("Llm:Bulkhead:PerShop", "500")];

    private static readonly TimeSpan NoEnd = TimeSpan.FromSeconds(60);
    private readonly Fault fault;
    private readonly Portkey portkey;
    private readonly PostgresCluster postgres;
    private readonly FaultField faulty;
    private readonly IReadOnlyList<Repetition> repetitions;
    private readonly FaultLane warm, load;
    private readonly FaultCaller caller;
    private readonly HttpClient http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 512 }) { Timeout = Timeout.InfiniteTimeSpan };

    public FaultRun(PostgresCluster postgres, Portkey portkey, Fault fault, int repetitions, FaultTimes? times = null)
    {
        (this.postgres, this.portkey, this.fault, faulty, caller) = (postgres, portkey, fault, new FaultField(times, wellAtFirst: true), new FaultCaller(http));
        this.repetitions =
        [
            .. from streamed in (bool[])[false, true]
               from number in Enumerable.Range(0, repetitions)
               from system in (string[])[Guard, Peer]
               select new Repetition(system, streamed, number, faulty.Add(fault, $"{system}{(streamed ? "s" : "p")}{number}")),
        ];
        (warm, load) = (faulty.Add(HealthyLoad.Endpoints, "warm"), faulty.Add(HealthyLoad.Endpoints, "load"));
    }

    /// <summary>Requests that an endpoint of another lane saw: words outside their jurisdiction.</summary>
    public int Strays => faulty.Llm.Requests.Count(seen => seen.Caller is not null && !seen.Model.Contains($".{seen.Caller}-", StringComparison.Ordinal));

    public HealthyLoad? Load { get; private set; }

    /// <summary>Ends when ours have; the peer's calls, which wait much longer, go on while the next fault begins.</summary>
    public async Task<(IReadOnlyList<FaultRow> Ours, Task<IReadOnlyList<FaultRow>> Peers)> RunAsync()
    {
        await using var server = await GuardServer.StartAsync(postgres, [.. faulty.Settings, .. Room]);
        var keys = new Dictionary<FaultLane, string>();
        foreach (var lane in repetitions.Where(call => call.System == Guard).Select(call => call.Lane).Concat([warm, load]))
        {
            keys[lane] = await server.KeyAsync(lane.Jurisdiction);
        }

        await server.RunAsync();
        await WarmAsync(server.Url, keys[warm]);
        Load = new HealthyLoad(caller, server.Url, load, keys[load]);
        using var enough = new CancellationTokenSource();
        var traffic = Load.RunAsync(LoadPerSecond, enough.Token);
        await Task.Delay(Settle, TimeProvider.System);
        faulty.Llm.Reset();
        var peers = RowsAsync(Peer, call => AskAsync(portkey.Url, call.Lane, call.Streamed, Portkey.Headers([.. call.Lane.Targets(faulty.Llm)])));
        var ours = await RowsAsync(Guard, call => AskAsync(server.Url, call.Lane, call.Streamed, new() { ["Authorization"] = $"Bearer {keys[call.Lane]}" }));
        await enough.CancelAsync();
        await traffic;
        return (ours, peers);
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await faulty.DisposeAsync();
    }

    private async Task<IReadOnlyList<FaultRow>> RowsAsync(string system, Func<Repetition, Task<Told?>> ask)
    {
        var calls = await Task.WhenAll(repetitions.Where(call => call.System == system).Select(async call =>
        {
            await Task.Delay(Apart * call.Number, TimeProvider.System);
            faulty.Break(call.Lane);
            return (call.Streamed, Result: await JudgedAsync(call.Lane, () => ask(call)));
        }));
        return [.. calls.GroupBy(call => call.Streamed).Select(same => new FaultRow(fault, system, same.Key, [.. same.Select(call => call.Result)]))];
    }

    private async Task<FaultCall> JudgedAsync(FaultLane lane, Func<Task<Told?>> ask)
    {
        var began = TimeProvider.System.GetTimestamp();
        var told = await ask();
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
            return await caller.AskAsync($"{url}/v1/chat/completions", lane.Name, streamed, headers, limit.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    // Both systems have compiled and connected before anything is timed.
    private async Task WarmAsync(string server, string key)
    {
        for (var call = 0; call < 6; call++)
        {
            await AskAsync(server, warm, call % 2 == 0, new() { ["Authorization"] = $"Bearer {key}" });
            await AskAsync(portkey.Url, warm, call % 2 == 0, Portkey.Headers([.. warm.Targets(faulty.Llm)]));
        }
    }

    private sealed record Repetition(string System, bool Streamed, int Number, FaultLane Lane);
}
