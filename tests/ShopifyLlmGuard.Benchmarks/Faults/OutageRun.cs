using ShopifyLlmGuard.Tests;
using ShopifyLlmGuard.Tests.Faults;

namespace ShopifyLlmGuard.Benchmarks.Faults;

/// <summary>
/// S15: the first endpoint answers 503 for a minute. Fifteen calls, one every four seconds, as FailoverBench makes them; then, so that
/// the return is not measured in steps of four seconds, four a second until the first endpoint answers.
/// </summary>
internal sealed class OutageRun(PostgresCluster postgres, Fault outage, int repetitions)
{
    private const int Calls = 15;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan EveryAfter = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>One form after the other: thirty endpoints that fail in the same seconds need the retries that all of the load earns.</summary>
    public async Task<IReadOnlyList<OutageSeen>> RunAsync() => [.. await AllAsync(streamed: false), .. await AllAsync(streamed: true)];

    private async Task<OutageSeen[]> AllAsync(bool streamed)
    {
        await using var field = new FaultField(wellAtFirst: true);
        var lanes = Enumerable.Range(0, repetitions).Select(number => field.Add(outage, $"outage{number}")).ToList();
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
        var traffic = new HealthyLoad(new FaultCaller(http), server.Url, load, keys[^1]).RunAsync(FaultRun.LoadPerSecond, enough.Token);
        await Task.Delay(FaultRun.Settle, TimeProvider.System);
        field.Break();
        var seen = await Task.WhenAll(lanes.Select((lane, number) => OneAsync(server.Url, field.Llm, lane, keys[number], streamed, number)));
        await enough.CancelAsync();
        await traffic;
        return seen;
    }

    private async Task<OutageSeen> OneAsync(string url, FaultyLlm llm, FaultLane lane, string key, bool streamed, int number)
    {
        using var http = new HttpClient(new SocketsHttpHandler()) { Timeout = TimeSpan.FromSeconds(30) };
        var caller = new FaultCaller(http);
        var (unserved, back) = (new List<string>(), (TimeSpan?)null);
        for (var call = 0; back is null && llm.Clock < llm.Times.Outage + Longest; call++)
        {
            var due = call < Calls ? (Every * call) + (Every * number / repetitions) : llm.Times.Outage + (EveryAfter * (call - Calls));
            await Task.Delay(due > llm.Clock ? due - llm.Clock : TimeSpan.Zero, TimeProvider.System);
            var (at, told) = (llm.Clock, await caller.AskAsync(
                $"{url}/v1/chat/completions", lane.Name, streamed, new Dictionary<string, string> { ["Authorization"] = $"Bearer {key}" }, CancellationToken.None));
            if (!told.IsComplete)
            {
                unserved.Add($"{lane.Name}, call {call + 1} at {at.TotalSeconds:0.0} s: {told}");
            }

            back = told.IsComplete && told.Model == lane.Primary ? at - llm.Times.Outage : null;
        }

        var during = llm.Requests.Where(seen => seen.Model == lane.Primary && seen.At < llm.Times.Outage).ToList();
        return new(!lane.Fault.HidesNothing, streamed, during.Count(seen => !seen.IsProbe), during.Count(seen => seen.IsProbe), back) { Unserved = unserved };
    }
}
