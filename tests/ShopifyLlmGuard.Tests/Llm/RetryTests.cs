using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Llm;

/// <summary>When a call is tried a second time, and when that would only cost time or burden a host twice.</summary>
public sealed class RetryTests
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(20);

    // Stands still unless a test, or a host that takes its time, moves it on.
    private readonly WatchedClock clock = new();
    private readonly ConcurrentQueue<DateTimeOffset> asked = new();

    [Fact]
    public async Task At_most_one_call_in_ten_is_tried_again_however_many_fail()
    {
        using var hosts = new ScriptedHosts(
            [ResidencyTests.Endpoint("a", "EU"), ResidencyTests.Endpoint("b", "EU")], _ => HostScript.Refuses(500),
            llm => llm.Breaker = new() { ConsecutiveFailures = 1000, MinimumCalls = 1000 });
        for (var call = 0; call < 100; call++)
        {
            await hosts.AskAsync(ScriptedHosts.Call("EU"), Budget);
        }

        // Five are saved up at the start.
        Assert.InRange(hosts.Dispatched.Count, 110, 115);
    }

    [Theory]
    [InlineData(0.0, 2)]
    [InlineData(0.5, 2)]
    [InlineData(0.6, 1)]
    public async Task The_only_host_is_asked_again_only_when_it_failed_fast(double after, int times)
    {
        using var hosts = Alone(after, AtOnceAgain);
        await AskAsync(hosts);
        Assert.Equal(times, asked.Count);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(400)]
    public async Task The_only_host_is_not_asked_for_what_it_would_say_again(int status)
    {
        using var hosts = Alone(0, AtOnceAgain with { Status = status });
        await AskAsync(hosts);
        Assert.Single(asked);
    }

    [Theory]
    [InlineData(19.6, 2)]
    [InlineData(19.8, 1)]
    [InlineData(30.0, 1)]
    public async Task Nobody_is_asked_again_when_a_usual_answer_no_longer_fits(double usual, int times)
    {
        using var hosts = Alone(0.3, AtOnceAgain);
        hosts.Lanes[0].Traffic.Add(new Attempt { Text = "Hello.", Verdict = Verdict.Good, Duration = TimeSpan.FromSeconds(usual) });
        await AskAsync(hosts);
        Assert.Equal(times, asked.Count);
    }

    [Fact]
    public async Task A_host_that_says_when_is_asked_then_and_not_before()
    {
        var wait = TimeSpan.FromSeconds(7);
        using var hosts = Alone(0, HostScript.Refuses(429) with { RetryAfter = 7 }, HostScript.Says("Hello.", firstAfter: 0, pause: 0));
        var asking = AskAsync(hosts);
        await Guard.UntilAsync(() => clock.Timers.Contains(wait), "it is being waited for");
        clock.Advance(wait);
        Assert.Equal("Hello.", (await asking).Text);
        Assert.Equal([TimeSpan.Zero, wait], asked.Select(moment => moment - asked.First()));
    }

    [Fact]
    public async Task A_host_that_names_a_time_that_does_not_fit_is_not_waited_for()
    {
        using var hosts = Alone(0, HostScript.Refuses(429) with { RetryAfter = 20 });
        var attempt = await AskAsync(hosts);
        Assert.Equal((Reasons.EndpointBusy, TimeSpan.FromSeconds(20)), (attempt.Reason, attempt.RetryAfter));
        Assert.Single(asked);
    }

    [Fact]
    public async Task What_has_been_shown_is_never_tried_again()
    {
        const string Long = "For a journey you want a small monitor that runs on batteries, and a cuff that fits your arm.";
        using var hosts = new ScriptedHosts(
            [ResidencyTests.Endpoint("a", "EU"), ResidencyTests.Endpoint("b", "EU")],
            _ => HostScript.Says(Long, firstAfter: 0, pause: 0, end: Ending.Cut, finish: null), llm => llm.RetryShare = 1, clock);
        var last = (await hosts.StreamAsync(ScriptedHosts.Call("EU"), Budget))[^1];
        Assert.Equal(Reasons.IncompleteAnswer, Assert.IsType<AnswerPart.Incomplete>(last).Reason);
        Assert.Single(hosts.Dispatched);
    }

    // Everything else listens to a timer that waits beside it; this holds the very thread on which that would happen.
    [Fact]
    public async Task A_thread_that_is_held_in_the_middle_of_an_answer_holds_up_no_caller()
    {
        using var released = new ManualResetEventSlim();
        using var hosts = new ScriptedHosts(
            [ResidencyTests.Endpoint("a", "EU")],
            _ => HostScript.Says("Take", firstAfter: 0, end: Ending.Silent, finish: null) with { AtEnd = () => released.Wait(TimeSpan.FromSeconds(30)) });
        var little = TimeSpan.FromSeconds(0.5);
        var whole = hosts.AskAsync(ScriptedHosts.Call("EU"), little);
        var streamed = hosts.StreamAsync(ScriptedHosts.Call("EU"), little);
        await Task.WhenAll(whole, streamed).WaitAsync(TimeSpan.FromSeconds(15));
        released.Set();
        Assert.Equal(Reasons.Timeout, (await whole).Reason);
        Assert.Equal(Reasons.Timeout, Assert.IsType<AnswerPart.Failed>((await streamed)[^1]).Reason);
    }

    // A second try that should not be could wait for a clock that stands.
    private static Task<Attempt> AskAsync(ScriptedHosts hosts) => hosts.AskAsync(ScriptedHosts.Call("EU"), Budget).WaitAsync(TimeSpan.FromSeconds(20));

    private static HostScript AtOnceAgain => HostScript.Refuses(503) with { RetryAfter = 0 };

    /// <summary>One host that takes so many seconds for each answer; the last of its scripts goes on for ever.</summary>
    private ScriptedHosts Alone(double seconds, params HostScript[] scripts) => new(
        [ResidencyTests.Endpoint("a", "EU")],
        _ =>
        {
            asked.Enqueue(clock.GetUtcNow());
            clock.Advance(TimeSpan.FromSeconds(seconds));
            return scripts[Math.Min(asked.Count, scripts.Length) - 1];
        },
        clock: clock);

    private sealed class WatchedClock : FakeTimeProvider
    {
        /// <summary>What has been waited for.</summary>
        public ConcurrentQueue<TimeSpan> Timers { get; } = new();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Timers.Enqueue(dueTime);
            return timer;
        }
    }
}
