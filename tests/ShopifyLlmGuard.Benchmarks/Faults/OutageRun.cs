using ShopifyLlmGuard.Tests;
using ShopifyLlmGuard.Tests.Faults;

namespace ShopifyLlmGuard.Benchmarks.Faults;

/// <summary>What one caller saw of an outage: calls without a whole answer, what came to the endpoint while it was down, and the time from its end to that endpoint's first answer.</summary>
internal sealed record OutageSeen(bool Streamed, int Unserved, int AttemptsDuring, int ProbesDuring, TimeSpan? BackAfter);

/// <summary>S15: the first endpoint answers 503 for a minute. Twenty calls, one every four seconds, as FailoverBench makes them.</summary>
internal sealed class OutageRun(PostgresCluster postgres, int repetitions)
{
    private const int Calls = 20;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(4);

    /// <summary>Both forms at the same time, each before a server of its own.</summary>
    public async Task<IReadOnlyList<OutageSeen>> RunAsync() =>
        [.. (await Task.WhenAll(((bool[])[false, true]).Select(AllAsync))).SelectMany(seen => seen)];

    private async Task<OutageSeen[]> AllAsync(bool streamed)
    {
        await using var field = new FaultField(wellAtFirst: true);
        var lanes = Enumerable.Range(0, repetitions).Select(number => field.Add(Fault.Outage, $"outage{number}")).ToList();
        var load = field.Add(HealthyLoad.Endpoints, "load");
        await using var server = await GuardServer.StartAsync(postgres, [.. field.Settings, .. FaultRun.Room]);
        var keys = new List<string>();
        foreach (var lane in lanes.Append(load))
        {
            keys.Add(await server.KeyAsync(lane.Jurisdiction));
        }

        await server.RunAsync();
        using var http = new HttpClient(new SocketsHttpHandler()) { Timeout = TimeSpan.FromSeconds(30) };
        using var enough = new CancellationTokenSource();
        field.Break();
        var traffic = new HealthyLoad(new FaultCaller(http), server.Url, load, keys[^1]).RunAsync(FaultRun.LoadPerSecond, enough.Token);
        var seen = await Task.WhenAll(lanes.Select((lane, number) => OneAsync(server.Url, field.Llm, lane, keys[number], streamed, number)));
        await enough.CancelAsync();
        await traffic;
        return seen;
    }

    private async Task<OutageSeen> OneAsync(string url, FaultyLlm llm, FaultLane lane, string key, bool streamed, int number)
    {
        using var http = new HttpClient(new SocketsHttpHandler()) { Timeout = TimeSpan.FromSeconds(30) };
        var caller = new FaultCaller(http);
        var (unserved, back) = (0, (TimeSpan?)null);
        for (var call = 0; call < Calls; call++)
        {
            var due = (Every * call) + (Every * number / repetitions);
            await Task.Delay(due > llm.Clock ? due - llm.Clock : TimeSpan.Zero, TimeProvider.System);
            var told = await caller.AskAsync(
                $"{url}/v1/chat/completions", lane.Name, streamed, new Dictionary<string, string> { ["Authorization"] = $"Bearer {key}" }, CancellationToken.None);
            unserved += told.IsComplete ? 0 : 1;
            back ??= told.IsComplete && told.Model == lane.Primary ? llm.Clock - told.Took - llm.Times.Outage : null;
        }

        var during = llm.Requests.Where(seen => seen.Model == lane.Primary && seen.At < llm.Times.Outage).ToList();
        return new(streamed, unserved, during.Count(seen => !seen.IsProbe), during.Count(seen => seen.IsProbe), back);
    }
}
