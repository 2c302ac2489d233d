using Microsoft.Extensions.Time.Testing;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Llm;

/// <summary>A host that says at once that it is busy must not stay the favourite because it is so fast.</summary>
public sealed class BusyHostTests
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(20);
    private readonly FakeTimeProvider clock = new();

    [Fact]
    public async Task A_host_that_is_always_busy_costs_nobody_an_answer()
    {
        using var hosts = Hosts(HostScript.Refuses(429));
        for (var call = 0; call < 40; call++)
        {
            Assert.Equal("Hello.", (await hosts.AskAsync(ScriptedHosts.Call("EU"), Budget)).Text);
        }

        // By lot alone it would be asked twenty times; 100, 200, 400, 800 ms apart it is not.
        Assert.InRange(hosts.Dispatched.Count(sent => sent.Id == "busy"), 1, 12);
    }

    [Fact]
    public async Task Going_elsewhere_from_a_busy_host_costs_no_retry()
    {
        using var hosts = Hosts(HostScript.Refuses(429), llm => llm.RetryShare = 0);
        for (var call = 0; call < 10; call++)
        {
            Assert.Equal("Hello.", (await hosts.AskAsync(ScriptedHosts.Call("EU"), Budget)).Text);
        }
    }

    [Fact]
    public async Task A_host_that_names_a_time_is_not_asked_before()
    {
        using var hosts = Hosts(HostScript.Refuses(429) with { RetryAfter = 60 });
        for (var call = 0; call < 40; call++)
        {
            Assert.Equal("Hello.", (await hosts.AskAsync(ScriptedHosts.Call("EU"), Budget)).Text);
        }

        Assert.InRange(hosts.Dispatched.Count(sent => sent.Id == "busy"), 0, 1);
    }

    [Fact]
    public async Task A_busy_host_is_asked_when_there_is_no_other_and_passed_over_as_second_choice()
    {
        using var alone = new ScriptedHosts([ResidencyTests.Endpoint("busy", "EU")], _ => HostScript.Refuses(429) with { RetryAfter = 60 });
        await alone.AskAsync(ScriptedHosts.Call("EU"), Budget);
        await alone.AskAsync(ScriptedHosts.Call("EU"), Budget);
        Assert.Equal(2, alone.Dispatched.Count);

        using var both = Hosts(HostScript.Refuses(500), good: HostScript.Refuses(429) with { RetryAfter = 60 });
        both.Lanes.Single(lane => lane.Endpoint.Id == "good").Traffic.Add(Busy(TimeSpan.FromSeconds(60)));
        Assert.Equal(Reasons.EndpointError, (await both.AskAsync(ScriptedHosts.Call("EU"), Budget)).Reason);
        Assert.Equal("busy", Assert.Single(both.Dispatched).Id);
    }

    [Fact]
    public void Each_pause_is_longer_until_the_longest_and_an_answer_ends_them()
    {
        var pause = new BusyPause(clock);
        foreach (var milliseconds in (int[])[100, 200, 400, 800, 1600, 2000, 2000])
        {
            Assert.False(pause.IsOn);
            pause.Report(Busy());
            pause.Report(Busy());
            clock.Advance(TimeSpan.FromMilliseconds(milliseconds - 1));
            Assert.True(pause.IsOn);
            clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        pause.Report(Busy(TimeSpan.FromHours(2)));
        clock.Advance(TimeSpan.FromSeconds(59));
        pause.Report(Answered(TimeSpan.FromMinutes(1)));
        Assert.True(pause.IsOn, "That answer was begun before the refusal.");
        pause.Report(Answered(TimeSpan.FromSeconds(1)));
        Assert.False(pause.IsOn);
        pause.Report(Busy());
        clock.Advance(TimeSpan.FromMilliseconds(100));
        Assert.False(pause.IsOn);
    }

    private static Attempt Busy(TimeSpan? retryAfter = null) => new() { Reason = Reasons.EndpointBusy, RetryAfter = retryAfter };

    private static Attempt Answered(TimeSpan duration) => new() { Text = "Hello.", Verdict = Verdict.Good, Duration = duration };

    private static ScriptedHosts Hosts(HostScript busy, Action<LlmOptions>? change = null, HostScript? good = null) => new(
        [ResidencyTests.Endpoint("busy", "EU"), ResidencyTests.Endpoint("good", "EU")],
        endpoint => endpoint.Id == "busy" ? busy : good ?? HostScript.Says("Hello.", firstAfter: 0, pause: 0), change);
}
