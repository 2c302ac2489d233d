using Microsoft.Extensions.Time.Testing;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;

namespace ShopifyLlmGuard.Tests.Llm;

/// <summary>Calls go where an answer is likely to be soonest: what was measured there, what runs there, and what an operator says.</summary>
public sealed class SpreadTests
{
    private const int Hanging = 9;
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(20);

    // It stands, so that these calls take no time, and what was measured before counts.
    private readonly FakeTimeProvider clock = new();

    [Fact]
    public async Task A_fast_endpoint_gets_nearly_all_calls_beside_a_slow_one()
    {
        using var hosts = Hosts(_ => HostScript.Says("Hello.", 0, 0));
        Measured(hosts.Lanes[0], seconds: 4);
        Measured(hosts.Lanes[1], seconds: 0.4);
        Assert.InRange(await CallsToTheFirstAsync(hosts), 0, 4);
    }

    [Fact]
    public async Task An_idle_endpoint_gets_nearly_all_calls_beside_a_busy_one()
    {
        var asked = 0;
        using var hosts = Hosts(_ => Interlocked.Increment(ref asked) <= Hanging ? HostScript.Hangs : HostScript.Says("Hello.", 0, 0));
        Measured(hosts.Lanes[0], seconds: 1);
        Measured(hosts.Lanes[1], seconds: 1);
        using var leave = new CancellationTokenSource();
        var busy = Enumerable.Range(0, Hanging).Select(_ => hosts.Router.AskAsync(
            ScriptedHosts.Call("EU") with { Model = "the first's own" }, new Deadline(clock, Budget), leave.Token)).ToList();
        await Guard.UntilAsync(() => asked == Hanging, "the first one is busy");
        Assert.InRange(await CallsToTheFirstAsync(hosts), Hanging, Hanging + 4);
        await leave.CancelAsync();
        await Task.WhenAll(busy);
    }

    [Fact]
    public void The_predicted_wait_shrinks_with_the_weight_and_is_guessed_where_nothing_is_known()
    {
        using var hosts = new ScriptedHosts([ResidencyTests.Endpoint("a", "EU") with { Weight = 2 }], _ => HostScript.Hangs, clock: clock);
        Assert.Equal(TimeSpan.FromSeconds(3), hosts.Lanes[0].PredictedWait(guess: TimeSpan.FromSeconds(6)));
        Measured(hosts.Lanes[0], seconds: 1);
        Assert.Equal(TimeSpan.FromSeconds(0.5), hosts.Lanes[0].PredictedWait(guess: TimeSpan.FromSeconds(6)));
    }

    private ScriptedHosts Hosts(Func<LlmEndpoint, HostScript> script) => new(
        [ResidencyTests.Endpoint("a", "EU") with { Model = "the first's own" }, ResidencyTests.Endpoint("b", "EU")], script,
        llm => llm.Bulkhead = new() { PerFeature = 20, PerShop = 20 }, clock);

    private static void Measured(EndpointLane lane, double seconds)
    {
        for (var answer = 0; answer < 15; answer++)
        {
            lane.Traffic.Add(new Attempt { Text = "Hello.", Verdict = Verdict.Good, Duration = TimeSpan.FromSeconds(seconds) });
        }
    }

    // Of forty.
    private async Task<int> CallsToTheFirstAsync(ScriptedHosts hosts)
    {
        for (var call = 0; call < 40; call++)
        {
            Assert.Equal("Hello.", (await hosts.Router.AskAsync(ScriptedHosts.Call("EU"), new Deadline(clock, Budget))).Text);
        }

        return hosts.Dispatched.Count(sent => sent.Id == "a");
    }
}
