using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Llm;

/// <summary>What a breaker learns from a call: slow and half answers count against an endpoint; busy, refused and cancelled ones do not.</summary>
public sealed class BreakerFeedTests
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(20);

    public static TheoryData<string, HostScript, string> Against { get; } = new()
    {
        { "refused connection", HostScript.Refuses(0), Reasons.EndpointUnreachable },
        { "no connection in time", HostScript.Unreachable, Reasons.EndpointUnreachable },
        { "server error", HostScript.Refuses(500), Reasons.EndpointError },
        { "unavailable", HostScript.Refuses(503), Reasons.EndpointError },
        { "silent", HostScript.Hangs, Reasons.Timeout },
        { "stalls", HostScript.Says("Take", end: Ending.Hang, finish: null), Reasons.Timeout },
        { "drips", HostScript.Says(string.Join(' ', Enumerable.Repeat("a", 40)), pause: 0.45), Reasons.Timeout },
        { "empty", HostScript.Says(""), Reasons.EmptyAnswer },
        { "cut", HostScript.Says("Take", end: Ending.Cut, finish: null), Reasons.IncompleteAnswer },
        { "no finish", HostScript.Says("Take", finish: null), Reasons.IncompleteAnswer },
        { "no end marker", HostScript.Says("Take", end: Ending.Silent), Reasons.IncompleteAnswer },
        { "a web page", HostScript.Says("Take") with { ContentType = "text/html" }, Reasons.EndpointError },
    };

    public static TheoryData<string, HostScript, string> NotAgainst { get; } = new()
    {
        { "busy", HostScript.Refuses(429), Reasons.EndpointBusy },
        { "sheds", HostScript.Refuses(503) with { RetryAfter = 60 }, Reasons.EndpointBusy },
        { "refuses the words", HostScript.Refuses(400), Reasons.RequestRefused },
        { "filtered", HostScript.Says("No", finish: "content_filter"), Reasons.UnusableAnswer },
        { "as long as was allowed", HostScript.Says("Take", finish: "length"), Reasons.IncompleteAnswer },
    };

    [Theory]
    [MemberData(nameof(Against))]
    public Task Three_in_a_row_open_it(string what, HostScript script, string reason) => AssertAfterThreeAsync(what, script, reason, BreakerState.Open);

    [Theory]
    [MemberData(nameof(NotAgainst))]
    public Task Three_in_a_row_leave_it_closed(string what, HostScript script, string reason) => AssertAfterThreeAsync(what, script, reason, BreakerState.Closed);

    [Fact]
    public async Task Callers_who_leave_leave_it_closed()
    {
        using var hosts = Hosts(HostScript.Hangs, new TimeOptions());
        for (var call = 1; call <= 4; call++)
        {
            using var leave = new CancellationTokenSource();
            var asking = hosts.Router.AskAsync(ScriptedHosts.Call("EU"), new Deadline(hosts.Clock, Budget), leave.Token);
            await Guard.UntilAsync(() => hosts.Dispatched.Count == call, "the host is asked");
            await leave.CancelAsync();
            Assert.Equal(Reasons.Cancelled, (await asking).Reason);
        }

        await Guard.UntilAsync(() => hosts.Lanes[0].Running == 0, "all attempts have ended");
        Assert.Equal(BreakerState.Closed, hosts.Lanes[0].Breaker.State);
    }

    private static async Task AssertAfterThreeAsync(string what, HostScript script, string reason, BreakerState state)
    {
        // Short where that is what ends it; otherwise so long that a busy machine ends nothing.
        var limit = TimeSpan.FromSeconds(reason == Reasons.Timeout ? 0.5 : 10);
        using var hosts = Hosts(script, new TimeOptions { FirstToken = limit, TokenGap = limit, DripAfter = limit });
        for (var call = 0; call < 3; call++)
        {
            var attempt = await hosts.AskAsync(ScriptedHosts.Call("EU"), Budget);
            Assert.True(attempt.Reason == reason, $"{what}: {attempt.Reason}");
        }

        Assert.True(hosts.Lanes[0].Breaker.State == state, $"{what}: {hosts.Lanes[0].Breaker.State}");
    }

    private static ScriptedHosts Hosts(HostScript script, TimeOptions limits) =>
        new([ResidencyTests.Endpoint("a", "EU")], _ => script, llm => llm.RetryShare = 0, limits: limits);
}
