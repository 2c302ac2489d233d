using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Llm.Residency;
using ShopifyLlmGuard.Llm.Routing;
using ShopifyLlmGuard.Llm.Wire;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Llm;

public sealed class RoutingTests
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(1.0, 1.0, 0.5)]
    [InlineData(1.0, 2.0, 0.8)]
    [InlineData(1.0, 10.0, 0.99)]
    [InlineData(3.0, 1.0, 0.1)]
    public void Calls_are_spread_by_the_square_of_the_predicted_wait(double first, double second, double share)
    {
        var dice = new Random(1);
        var wins = Enumerable.Range(0, 20_000).Count(_ => Spread.Order(
            [("a", EndpointState.Up, TimeSpan.FromSeconds(first)), ("b", EndpointState.Up, TimeSpan.FromSeconds(second))], dice.NextDouble)[0] == "a");
        Assert.InRange(wins / 20_000.0, share - 0.02, share + 0.02);
    }

    [Fact]
    public void Health_comes_before_speed_and_the_dead_come_last_of_all()
    {
        (string, EndpointState, TimeSpan)[] mixed =
            [("slow", EndpointState.Up, TimeSpan.FromMinutes(1)), ("ill", EndpointState.Degraded, TimeSpan.Zero), ("dead", EndpointState.Down, TimeSpan.Zero)];
        Assert.Equal(["slow", "ill"], Spread.Order(mixed, Random.Shared.NextDouble));
        Assert.Equal(["dead"], Spread.Order(mixed[2..], Random.Shared.NextDouble));
    }

    [Theory]
    [InlineData(100, 0.0, 100)]
    [InlineData(100, 0.6, 100)]
    [InlineData(100, 0.8, 80)]
    [InlineData(200, 1.0, 120)]
    [InlineData(200, 9.0, 120)]
    [InlineData(96, 1.0, 64)]
    [InlineData(20, 1.0, 20)]
    [InlineData(null, 1.0, null)]
    public void Answers_get_shorter_under_pressure_but_never_too_short(int? asked, double load, int? most) =>
        Assert.Equal(most, BrownOut.MaxTokens(asked, load));

    [Theory]
    [InlineData(4, 0.5, 4)]
    [InlineData(4, 1.0, 3)]
    [InlineData(1, 1.0, 1)]
    public void Prompts_get_shorter_too(int most, double load, int products) => Assert.Equal(products, BrownOut.Products(most, load));

    [Fact]
    public void The_second_endpoint_is_asked_when_a_first_token_is_later_than_95_of_100()
    {
        TimeSpan[] known = [.. Enumerable.Range(1, 100).Select(number => TimeSpan.FromMilliseconds(10 * number))];
        var limit = TimeSpan.FromSeconds(2.5);
        Assert.Equal(TimeSpan.FromMilliseconds(950), Hedging.After([known], limit));
        Assert.Equal(TimeSpan.FromMilliseconds(950), Hedging.After([[.. known.Where((_, at) => at % 3 == 0)], [], [.. known.Where((_, at) => at % 3 > 0)]], limit));
        Assert.Equal(TimeSpan.FromSeconds(1.25), Hedging.After([known[..19]], limit));
        Assert.Equal(TimeSpan.FromMilliseconds(50), Hedging.After([new TimeSpan[20]], limit));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_silent_endpoint_is_outrun_by_another_device_in_another_region_and_still_judged(bool streamed)
    {
        using var hosts = Hosts(
            [At("a", "one", "north"), At("b", "one", "south"), At("c", "two", "north"), At("d", "three", "south")],
            first: HostScript.Hangs, limits: new TimeOptions { FirstToken = TimeSpan.FromSeconds(1.6) });
        var attempt = await AskAsync(hosts, streamed);
        Assert.Equal("Hello.", attempt.Text);
        var asked = hosts.Dispatched.ToList();
        Assert.Equal(2, asked.Count);
        Assert.NotEqual(asked[0].Machine, asked[1].Machine);
        Assert.NotEqual(asked[0].Region, asked[1].Region);
        Assert.Equal(asked[1].Id, attempt.Endpoint!.Id);
        var records = new List<AttemptRecord>();
        await Guard.UntilAsync(
            () => { while (hosts.Log.Waiting.TryRead(out var record)) { records.Add(record); } return records.Count == 2; }, "both attempts have ended");
        Assert.Equal(
            [("first", Reasons.Timeout), ("hedge", "answered")],
            records.Select(record => (record.Try!, record.Outcome)).OrderBy(record => record.Item1, StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_does_not_wait_until_a_silent_endpoint_beside_it_is_given_up(bool streamed)
    {
        using var hosts = Hosts(
            [At("a", "one", "north"), At("b", "two", "south")], first: HostScript.Hangs,
            limits: new TimeOptions { FirstToken = TimeSpan.FromSeconds(15) });
        Measured(hosts);
        var began = hosts.Clock.GetTimestamp();
        var attempt = await AskAsync(hosts, streamed);
        Assert.InRange(hosts.Clock.GetElapsedTime(began), TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(8));
        Assert.Equal((2, "Hello."), (hosts.Dispatched.Count, attempt.Text));
        Assert.Equal(hosts.Dispatched.Last().Id, attempt.Endpoint!.Id);
        Assert.Equal(1, hosts.Lanes.Sum(lane => lane.Running));
    }

    [Fact]
    public async Task An_attempt_that_was_outrun_leaves_its_record_too()
    {
        using var hosts = Hosts([At("a", "one", "north"), At("b", "two", "south")], first: HostScript.Says("Late.", firstAfter: 2));
        Measured(hosts);
        Assert.Equal("Hello.", (await AskAsync(hosts, streamed: false)).Text);
        var outcomes = new List<string>();
        await Guard.UntilAsync(
            () => { while (hosts.Log.Waiting.TryRead(out var record)) { outcomes.Add($"{record.Try} {record.Outcome}"); } return outcomes.Count == 2; }, "both attempts have ended");
        Assert.Equal(["hedge answered", $"first {Reasons.Outrun}"], outcomes);
    }

    [Fact]
    public async Task An_endpoint_that_is_silent_until_the_deadline_is_known_for_it()
    {
        using var hosts = new ScriptedHosts(
            [At("a", "one", "north")], _ => HostScript.Hangs, llm => llm.Breaker = new() { ConsecutiveFailures = 2, MinimumCalls = 100 });
        var fair = TimeSpan.FromSeconds(1.1);
        Assert.Equal(Reasons.Timeout, (await hosts.AskAsync(ScriptedHosts.Call("EU"), fair)).Reason);
        Assert.IsType<AnswerPart.Failed>(Assert.Single(await hosts.StreamAsync(ScriptedHosts.Call("EU"), fair)));

        await Guard.UntilAsync(() => hosts.Lanes[0].Breaker.State == BreakerState.Open, "its breaker opens");
        Assert.Equal(0, hosts.Lanes[0].Running);
    }

    [Fact]
    public async Task A_caller_in_a_hurry_opens_no_breaker()
    {
        using var hosts = new ScriptedHosts([At("a", "one", "north")], _ => HostScript.Says("Hello.", firstAfter: 0.6));
        for (var call = 0; call < 4; call++)
        {
            Assert.Equal(Reasons.Timeout, (await hosts.AskAsync(ScriptedHosts.Call("EU"), TimeSpan.FromSeconds(0.15))).Reason);
        }

        await Guard.UntilAsync(() => hosts.Lanes[0].Running == 0, "all attempts have ended");
        Assert.Equal(BreakerState.Closed, hosts.Lanes[0].Breaker.State);
        Assert.Equal("Hello.", (await hosts.AskAsync(ScriptedHosts.Call("EU"), Budget)).Text);
    }

    [Theory]
    [InlineData(null, 1.0)]
    [InlineData(0.2, 1.0)]
    [InlineData(0.9, 1.8)]
    [InlineData(9.0, 2.5)]
    public void Silence_says_something_after_twice_the_usual_time(double? usual, double fair) => Assert.Equal(
        TimeSpan.FromSeconds(fair),
        new AttemptLimits(TimeSpan.FromSeconds(2.5), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), 1)
            .FairTime(usual is { } seconds ? TimeSpan.FromSeconds(seconds) : null));

    [Fact]
    public async Task In_no_time_nobody_is_asked()
    {
        using var hosts = new ScriptedHosts(
            [At("a", "one", "north")], _ => HostScript.Says("Hello.", 0, 0), clock: new Microsoft.Extensions.Time.Testing.FakeTimeProvider());
        Assert.Equal(Reasons.Timeout, (await hosts.AskAsync(ScriptedHosts.Call("EU"), TimeSpan.FromMilliseconds(19))).Reason);
        Assert.Empty(hosts.Dispatched);
        Assert.Equal("Hello.", (await hosts.AskAsync(ScriptedHosts.Call("EU"), TimeSpan.FromMilliseconds(20))).Text);
    }

    // At once: before the first has said a word; later: while it is already shown.
    [Theory]
    [InlineData(0.0)]
    [InlineData(2.5)]
    public async Task A_hedge_that_refuses_the_words_does_not_end_the_first_ones_answer(double refusesAfter)
    {
        var asked = 0;
        using var hosts = new ScriptedHosts(
            [At("a", "one", "north"), At("b", "two", "south")],
            _ => Interlocked.Increment(ref asked) == 1 ? HostScript.Says("Hello to you.", firstAfter: 4, pause: 1)
                : HostScript.Refuses(400) with { After = TimeSpan.FromSeconds(refusesAfter) },
            limits: new TimeOptions { FirstToken = TimeSpan.FromSeconds(6), TokenGap = TimeSpan.FromSeconds(5), DripAfter = TimeSpan.FromSeconds(15), Commit = TimeSpan.FromMilliseconds(20) });
        var parts = await hosts.StreamAsync(ScriptedHosts.Call("EU"), Budget);
        Assert.Equal(2, hosts.Dispatched.Count);
        Assert.Equal("Hello to you.", Assert.IsType<AnswerPart.Done>(parts[^1]).Attempt.Text);
    }

    [Fact]
    public void A_draft_that_begins_after_another_was_shown_has_lost()
    {
        using var hosts = new ScriptedHosts([At("a", "one", "north"), At("b", "two", "south")], _ => HostScript.Hangs);
        var both = EligibleEndpoint.Among(ScriptedHosts.Call("EU"), hosts.Lanes, hosts.Clock.GetUtcNow()).Eligible;
        var route = new Route(
            ScriptedHosts.Call("EU"), new Deadline(hosts.Clock, Budget), new CommitPoint(1, TimeSpan.FromSeconds(1)), null, default) { Basis = "" };
        var (first, before) = (route.NewDraft(both[0]), route.NewDraft(both[1]));
        Assert.True(first.Take("Hello.", hosts.Clock));
        var after = route.NewDraft(both[1]);
        Assert.Equal((false, true, true), (first.IsLost, before.IsLost, after.IsLost));
        Assert.False(after.Take("Too late.", hosts.Clock));
        route.TryAgain(atTheSame: false);
        Assert.False(route.NewDraft(both[1]).IsLost);
    }

    [Fact]
    public async Task A_device_is_never_asked_beside_itself()
    {
        using var hosts = Hosts([At("a", "one", "north"), At("b", "ONE", "south")], first: HostScript.Hangs, limits: new TimeOptions { FirstToken = TimeSpan.FromSeconds(0.5) });
        await hosts.AskAsync(ScriptedHosts.Call("EU"), TimeSpan.FromSeconds(1.2));
        Assert.Single(hosts.Dispatched);
    }

    [Fact]
    public async Task At_most_one_call_in_twenty_is_hedged()
    {
        using var hosts = new ScriptedHosts(
            [At("a", "one", "north") with { Concurrency = 200 }, At("b", "two", "south") with { Concurrency = 200 }],
            _ => HostScript.Says("Hello.", firstAfter: 5),
            llm => (llm.Bulkhead, llm.RetryShare) = (new() { PerFeature = 100, PerShop = 100 }, 0),
            limits: new TimeOptions { FirstToken = TimeSpan.FromSeconds(9), Bulkhead = TimeSpan.FromSeconds(9) });
        await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => hosts.AskAsync(ScriptedHosts.Call("EU"), Budget)));
        Assert.InRange(hosts.Dispatched.Count, 60, 64);
    }

    [Fact]
    public async Task A_host_that_breaks_is_left_for_another_one_at_once()
    {
        foreach (var status in (int[])[0, 429, 500, 502, 503, 504])
        {
            using var hosts = Hosts([At("a", "one", "north"), At("b", "one", "north")], first: HostScript.Refuses(status));
            Assert.Equal("Hello.", (await hosts.AskAsync(ScriptedHosts.Call("EU"), Budget)).Text);
            Assert.Equal(2, hosts.Dispatched.DistinctBy(sent => sent.Id).Count());
        }
    }

    [Fact]
    public async Task Words_that_one_host_refuses_are_not_tried_on_another()
    {
        using var hosts = Hosts([At("a", "one", "north"), At("b", "two", "south")], first: HostScript.Refuses(400));
        var attempt = await hosts.AskAsync(ScriptedHosts.Call("EU"), Budget);
        Assert.Equal((Reasons.RequestRefused, 400), (attempt.Reason, attempt.Status));
        Assert.Single(hosts.Dispatched);
    }

    [Fact]
    public async Task All_breakers_open_is_an_answer_like_any_other()
    {
        using var hosts = new ScriptedHosts([At("a", "one", "north"), At("b", "two", "south")], _ => HostScript.Refuses(500), llm => llm.RetryShare = 0);
        for (var call = 0; call < 30; call++)
        {
            await hosts.AskAsync(ScriptedHosts.Call("EU"), Budget);
        }

        var attempt = await hosts.AskAsync(ScriptedHosts.Call("EU"), Budget);
        Assert.Equal((null, Reasons.BreakerOpen), (attempt.Endpoint, attempt.Reason));
        Assert.InRange(hosts.Dispatched.Count, 2, 12);
    }

    [Fact]
    public async Task While_another_one_answers_no_call_is_risked_on_an_endpoint_that_was_broken()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider { AutoAdvanceAmount = TimeSpan.FromMilliseconds(1) };
        using var hosts = new ScriptedHosts(
            [At("good", "one", "north"), At("broken", "two", "south")],
            endpoint => endpoint.Id == "good" ? new HostScript(200, TimeSpan.Zero, HostScript.Says("Hello.", 0, 0).Lines, Ending.Done) : HostScript.Refuses(503),
            clock: clock);
        var broken = hosts.Lanes.Single(lane => lane.Endpoint.Id == "broken");
        for (var failure = 0; failure < 3; failure++)
        {
            broken.Breaker.Report(Verdict.Bad);
        }

        for (var call = 0; call < 20; call++)
        {
            clock.Advance(TimeSpan.FromSeconds(4));
            Assert.Equal("Hello.", (await hosts.AskAsync(ScriptedHosts.Call("EU"), Budget)).Text);
        }

        Assert.DoesNotContain(hosts.Dispatched, sent => sent.Id == "broken");
        broken.Breaker.ReportProbe(good: true);
        for (var call = 0; call < 40; call++)
        {
            Assert.Equal("Hello.", (await hosts.AskAsync(ScriptedHosts.Call("EU"), Budget)).Text);
        }

        Assert.Contains(hosts.Dispatched, sent => sent.Id == "broken");
    }

    [Fact]
    public async Task A_full_endpoint_is_passed_over()
    {
        using var hosts = new ScriptedHosts(
            [At("a", "one", "north") with { Concurrency = 1 }, At("b", "two", "south") with { Concurrency = 1 }], _ => HostScript.Says("Hello.", 4),
            limits: new TimeOptions { FirstToken = TimeSpan.FromSeconds(15) });
        var two = Task.WhenAll(Enumerable.Range(0, 2).Select(_ => hosts.AskAsync(ScriptedHosts.Call("EU"), Budget)));
        await Guard.UntilAsync(() => hosts.Dispatched.Count == 2, "both are asked");
        Assert.Equal(Reasons.EndpointBusy, (await hosts.AskAsync(ScriptedHosts.Call("EU"), Budget)).Reason);
        Assert.All(await two, attempt => Assert.Equal("Hello.", attempt.Text));
        Assert.Equal(2, hosts.Dispatched.Select(sent => sent.Id).Distinct().Count());
    }

    [Fact]
    public async Task A_bug_becomes_a_value_and_is_logged_by_type_and_place_alone()
    {
        using var hosts = new ScriptedHosts([At("a", "one", "north")], _ => HostScript.Says("Hello."));
        var call = ScriptedHosts.Call("EU") with { Sampling = new Sampling(96) { Stop = new Unreadable() } };
        Assert.Equal(Reasons.InternalError, (await hosts.AskAsync(call, Budget)).Reason);
        Assert.Equal(Reasons.InternalError, Assert.IsType<AnswerPart.Failed>(Assert.Single(await hosts.StreamAsync(call, Budget))).Reason);
        var errors = hosts.Lines.All.Where(line => line.StartsWith("Error", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, errors.Count);
        Assert.All(errors, line => Assert.Contains("broke with NotSupportedException", line, StringComparison.Ordinal));
        Assert.All(errors, line => Assert.Contains(nameof(Unreadable), line, StringComparison.Ordinal));
        Assert.DoesNotContain(hosts.Lines.All, line => line.Contains("zebrafinch", StringComparison.Ordinal));
    }

    private static async Task<Attempt> AskAsync(ScriptedHosts hosts, bool streamed) => streamed
        ? Assert.IsType<AnswerPart.Done>((await hosts.StreamAsync(ScriptedHosts.Call("EU"), Budget))[^1]).Attempt
        : await hosts.AskAsync(ScriptedHosts.Call("EU"), Budget);

    // First tokens so soon that a second endpoint is asked after a tenth of a second.
    private static void Measured(ScriptedHosts hosts)
    {
        foreach (var lane in hosts.Lanes)
        {
            Enumerable.Range(0, 20).ToList().ForEach(_ => lane.Traffic.Add(
                new Attempt { Text = "Hello.", Verdict = Verdict.Good, FirstToken = TimeSpan.FromSeconds(0.1), Duration = TimeSpan.FromSeconds(0.1) }));
        }
    }

    private static LlmEndpoint At(string id, string device, string region) =>
        ResidencyTests.Endpoint(id, "EU") with { Device = device, Region = region };

    private static ScriptedHosts Hosts(IReadOnlyList<LlmEndpoint> endpoints, HostScript first, TimeOptions? limits = null)
    {
        var asked = 0;
        return new ScriptedHosts(
            endpoints, _ => Interlocked.Increment(ref asked) == 1 ? first : HostScript.Says("Hello."),
            limits: limits ?? new TimeOptions { FirstToken = TimeSpan.FromSeconds(3) });
    }

    /// <summary>As a bug would have it.</summary>
    private sealed class Unreadable : IReadOnlyList<string>
    {
        public int Count => throw new NotSupportedException("zebrafinch");

        public string this[int index] => throw new NotSupportedException("zebrafinch");

        public IEnumerator<string> GetEnumerator() => throw new NotSupportedException("zebrafinch");

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
