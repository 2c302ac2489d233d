using FsCheck;
using FsCheck.Xunit;
using ShopifyLlmGuard.Releases;
using ShopifyLlmGuard.Releases.Comparing;

namespace ShopifyLlmGuard.Tests.Releases;

public sealed class RolloutTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 8, 0, 0, TimeSpan.Zero);

    [Property]
    public bool A_visitor_keeps_its_release_while_the_share_grows(Guid visitor, byte from, byte to)
    {
        var (less, more) = (Math.Min(from % 100, to % 100), Math.Max(from % 100, to % 100));
        var early = ReleaseChoice.Of(Pair(less), $"{visitor}").Id;
        return early == ReleaseChoice.Of(Pair(less), $"{visitor}").Id && (early == "old" || ReleaseChoice.Of(Pair(more), $"{visitor}").Id == "new");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(25)]
    [InlineData(60)]
    public void The_share_of_visitors_is_the_one_that_was_asked_for(int percent)
    {
        var pair = Pair(percent);
        var met = Enumerable.Range(0, 20_000).Count(visitor => ReleaseChoice.Of(pair, $"visitor {visitor}").Id == "new");
        Assert.InRange(met / 200.0, percent - 1.5, percent + 1.5);
    }

    [Fact]
    public void A_promoted_release_is_compared_with_a_few_visitors_who_keep_its_predecessor_while_it_is_watched()
    {
        var promoted = new Rollout(Named("new"), Named("old"), null, 0, false, RolloutStep.Promoted, Now);
        var options = new ReleaseOptions { HoldOut = 15, WatchAfterPromotion = TimeSpan.FromMinutes(30) };
        Assert.Equal(("new", "old", 85), Told(promoted.PairAt(Now.AddMinutes(29), options)));
        Assert.Null(promoted.PairAt(Now.AddMinutes(30), options));
        Assert.Null((promoted with { Step = RolloutStep.RolledBack }).PairAt(Now, options));
        Assert.Equal(("next", "new", 5), Told((promoted with { Candidate = Named("next"), Percent = 5, Step = RolloutStep.Started }).PairAt(Now.AddDays(9), options)));

        static (string, string, int)? Told(ReleasePair? pair) => pair is null ? null : (pair.New.Id, pair.Old.Id, pair.Percent);
    }

    [Fact]
    public void A_share_has_minutes_of_its_own()
    {
        var pair = Pair(50);
        Assert.Equal(Now, pair.MinuteOf(Now.AddSeconds(-3)));
        Assert.Equal(Now.AddMinutes(7), pair.MinuteOf(Now.AddMinutes(7).AddSeconds(59)));
        Assert.True(pair.Holds(Now.AddMinutes(7)));
        Assert.False(pair.Holds(Now.AddMinutes(7).AddMilliseconds(1)));
        Assert.False(pair.Holds(Now.AddMinutes(-1)));
    }

    [Fact]
    public void A_visitor_counts_once_a_day_in_each_comparison()
    {
        var visitors = new CountedVisitors();
        Assert.Equal([true, false, false], Enumerable.Range(0, 3).Select(hour => visitors.Takes("chat", Now, "eve", Now.AddHours(hour))));
        Assert.True(visitors.Takes("recommendations", Now, "eve", Now));
        Assert.True(visitors.Takes("chat", Now, "adam", Now));
        Assert.True(visitors.Takes("chat", Now.AddMinutes(30), "eve", Now.AddHours(1)));
        Assert.True(visitors.Takes("chat", Now, "eve", Now.AddDays(1)));
    }

    [Fact]
    public void A_golden_run_must_have_passed_at_every_host_that_there_is_now()
    {
        var run = new GoldenRun { Release = "new", Passed = true, Results = [new("a", null, "fra-1", 1)], Actor = "ada", At = Now };
        Assert.Null(RolloutPolicy.Untested("new", run, ["fra-1"]));
        Assert.Contains("at fra-2", RolloutPolicy.Untested("new", run, ["fra-1", "fra-2"]), StringComparison.Ordinal);
        Assert.Contains("has not passed", RolloutPolicy.Untested("new", null, []), StringComparison.Ordinal);
    }

    [Fact]
    public void A_release_starts_only_after_its_golden_prompts_and_never_after_it_was_rolled_back()
    {
        var wish = new RolloutWish("chat", "ada", "try it", Now) { Release = "new", Percent = 5 };
        Assert.Contains("golden", RolloutPolicy.Start(null, wish, untested: "no golden prompts", wasRolledBack: false).Problem, StringComparison.Ordinal);
        Assert.Contains("rolled back", RolloutPolicy.Start(null, wish, untested: null, wasRolledBack: true).Problem, StringComparison.Ordinal);
        var started = RolloutPolicy.Start(null, wish, untested: null, wasRolledBack: false).Change!;
        Assert.Equal((Release.BuiltIn, "new", 5), (started.Stable, started.Candidate, started.Percent));
        Assert.Contains("candidate", RolloutPolicy.Start(started, wish with { Release = "other" }, null, false).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Going_back_takes_the_candidate_first_and_then_the_promoted_release()
    {
        var wish = new RolloutWish("chat", "ada", "why", Now) { Release = "new", Percent = 50 };
        var started = RolloutPolicy.Start(null, wish, null, false).Change!;
        var back = RolloutPolicy.RollBack(started, wish).Change!;
        Assert.Equal((Release.BuiltIn, null, 0), (back.Stable, back.Candidate, back.Percent));
        var promoted = RolloutPolicy.Widen(started, wish with { Percent = 100 }).Change!;
        Assert.Equal(("new", Release.BuiltIn, RolloutStep.Promoted), (promoted.Stable, promoted.Previous, promoted.Step));
        Assert.Equal(Release.BuiltIn, RolloutPolicy.RollBack(promoted, wish).Change!.Stable);
        Assert.NotNull(RolloutPolicy.RollBack(back, wish).Problem);
    }

    [Fact]
    public void Every_mistake_of_a_release_is_told_at_once()
    {
        var mistakes = ReleaseRules.Mistakes("Bad Name", "tarot", new ReleaseBundle
        {
            Prompt = "Be nice.", Quantisation = "eight bits, I think", Template = "chatml", Sampling = new() { Temperature = 3 }, Limits = new() { MaxTokens = 4 },
        });
        Assert.Equal(8, mistakes.Count);
    }

    private static ReleasePair Pair(int percent) => new(Named("new"), Named("old"), percent, Now);

    private static Release Named(string id) => new() { Id = id, Feature = "chat", Bundle = new(), AddedAt = Now, AddedBy = "ada" };
}
