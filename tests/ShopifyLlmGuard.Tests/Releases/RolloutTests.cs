using FsCheck;
using FsCheck.Xunit;
using ShopifyLlmGuard.Releases;

namespace ShopifyLlmGuard.Tests.Releases;

public sealed class RolloutTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 8, 0, 0, TimeSpan.Zero);

    [Property]
    public bool A_visitor_keeps_its_release_while_the_share_grows(Guid visitor, byte from, byte to)
    {
        var (less, more) = (Math.Min(from % 100, to % 100), Math.Max(from % 100, to % 100));
        var early = ReleaseChoice.Of(With(less), $"{visitor}").Id;
        return early == ReleaseChoice.Of(With(less), $"{visitor}").Id && (early == "old" || ReleaseChoice.Of(With(more), $"{visitor}").Id == "new");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(25)]
    [InlineData(60)]
    public void The_share_of_visitors_is_the_one_that_was_asked_for(int percent)
    {
        var rollout = With(percent);
        var met = Enumerable.Range(0, 20_000).Count(visitor => ReleaseChoice.Of(rollout, $"visitor {visitor}").Id == "new");
        Assert.InRange(met / 200.0, percent - 1.5, percent + 1.5);
    }

    [Fact]
    public void A_visitor_whom_nobody_could_know_again_gets_the_stable_release() => Assert.Equal("old", ReleaseChoice.Of(With(99), "").Id);

    [Fact]
    public void A_release_starts_only_after_its_golden_prompts_and_never_after_it_was_rolled_back()
    {
        var wish = new RolloutWish("chat", "ada", "try it", Now) { Release = "new", Percent = 5 };
        Assert.Contains("golden", RolloutPolicy.Start(null, wish, passed: false, wasRolledBack: false).Problem, StringComparison.Ordinal);
        Assert.Contains("rolled back", RolloutPolicy.Start(null, wish, passed: true, wasRolledBack: true).Problem, StringComparison.Ordinal);
        var started = RolloutPolicy.Start(null, wish, passed: true, wasRolledBack: false).Change!;
        Assert.Equal((Release.BuiltIn, "new", 5), (started.Stable, started.Candidate, started.Percent));
        Assert.Contains("candidate", RolloutPolicy.Start(started, wish with { Release = "other" }, true, false).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Going_back_takes_the_candidate_first_and_then_the_promoted_release()
    {
        var wish = new RolloutWish("chat", "ada", "why", Now) { Release = "new", Percent = 50 };
        var started = RolloutPolicy.Start(null, wish, true, false).Change!;
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
            Prompt = "Be nice.", Sampling = new() { Temperature = 3 }, Limits = new() { MaxTokens = 4 },
        });
        Assert.Equal(6, mistakes.Count);
    }

    private static Rollout With(int percent) => new(Named("old"), null, Named("new"), percent, false, RolloutStep.Started, Now);

    private static Release Named(string id) => new() { Id = id, Feature = "chat", Bundle = new(), AddedAt = Now, AddedBy = "ada" };
}
