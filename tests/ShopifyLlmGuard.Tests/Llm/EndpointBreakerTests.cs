using Microsoft.Extensions.Time.Testing;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;

namespace ShopifyLlmGuard.Tests.Llm;

public sealed class EndpointBreakerTests
{
    private readonly FakeTimeProvider clock = new();
    private readonly EndpointBreaker breaker;

    public EndpointBreakerTests() => breaker = new EndpointBreaker(new BreakerOptions(), clock, TimeSpan.FromSeconds(10));

    [Fact]
    public void Two_chats_a_minute_are_enough_to_open_it()
    {
        for (var chat = 0; chat < 3; chat++)
        {
            Assert.True(breaker.Admits());
            breaker.Report(Verdict.Bad);
            clock.Advance(TimeSpan.FromMilliseconds(400));
        }

        Assert.Equal(BreakerState.Open, breaker.State);
        Assert.False(breaker.Admits());
    }

    [Fact]
    public void Failures_far_apart_open_it_too()
    {
        for (var chat = 0; chat < 3; chat++)
        {
            Assert.True(breaker.Admits());
            breaker.Report(Verdict.Bad);
            clock.Advance(TimeSpan.FromSeconds(30));
        }

        Assert.Equal(BreakerState.Open, breaker.State);
    }

    [Fact]
    public void Every_other_failure_opens_it_by_ratio()
    {
        for (var call = 0; call < 8; call++)
        {
            breaker.Report(call % 2 == 0 ? Verdict.Good : Verdict.Bad);
        }

        Assert.Equal(BreakerState.Open, breaker.State);
    }

    [Fact]
    public void Rare_failures_busy_answers_and_good_probes_leave_it_closed()
    {
        for (var call = 0; call < 100; call++)
        {
            breaker.Report(call % 10 == 0 ? Verdict.Bad : Verdict.Good);
            breaker.Report(Verdict.None);
            breaker.ReportProbe(good: true);
        }

        Assert.Equal(BreakerState.Closed, breaker.State);
    }

    [Fact]
    public void Good_probes_do_not_hide_failing_answers()
    {
        for (var chat = 0; chat < 3; chat++)
        {
            breaker.Report(Verdict.Bad);
            breaker.ReportProbe(good: true);
            breaker.ReportProbe(good: true);
        }

        Assert.Equal(BreakerState.Open, breaker.State);
    }

    [Fact]
    public void Failed_probes_alone_open_it()
    {
        breaker.ReportProbe(good: false);
        breaker.ReportProbe(good: false);
        breaker.ReportProbe(good: false);
        Assert.False(breaker.Admits());
    }

    [Fact]
    public void After_a_break_one_call_at_a_time_may_try()
    {
        Open();
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.True(breaker.Admits());
        Assert.False(breaker.Admits());
        breaker.Report(Verdict.Good);
        Assert.Equal(BreakerState.Closed, breaker.State);
        Assert.True(breaker.Admits());
    }

    [Fact]
    public void Each_break_is_longer_until_the_longest()
    {
        Open();
        foreach (var length in (double[])[2, 4, 8, 16, 30, 30, 30])
        {
            clock.Advance(TimeSpan.FromSeconds(length - 0.001));
            Assert.False(breaker.Admits());
            clock.Advance(TimeSpan.FromMilliseconds(1));
            Assert.True(breaker.Admits());
            breaker.Report(Verdict.Bad);
        }
    }

    [Fact]
    public void A_trial_that_said_nothing_lets_the_next_call_try()
    {
        Open();
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.True(breaker.Admits());
        breaker.Report(Verdict.None);
        Assert.True(breaker.Admits());
    }

    [Fact]
    public void A_trial_that_never_ends_does_not_keep_it_half_open_for_ever()
    {
        Open();
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.True(breaker.Admits());
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.True(breaker.Admits());
    }

    [Fact]
    public void A_good_probe_ends_a_break_that_is_over_and_no_other()
    {
        Open();
        breaker.ReportProbe(good: true);
        Assert.Equal(BreakerState.Open, breaker.State);
        clock.Advance(TimeSpan.FromSeconds(2));
        breaker.ReportProbe(good: true);
        Assert.Equal(BreakerState.Closed, breaker.State);
    }

    private void Open()
    {
        breaker.Report(Verdict.Bad);
        breaker.Report(Verdict.Bad);
        breaker.Report(Verdict.Bad);
    }
}
