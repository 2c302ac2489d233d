using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using ShopifyLlmGuard.Inference.Engine.Admission;

namespace ShopifyLlmGuard.Inference.Tests.Engine;

/// <summary>Who is let in, by tables and for any house.</summary>
public sealed class AdmissionPolicyTests
{
    private static readonly AdmissionLimits Limits = new(Parallel: 8, QueueLength: 8, PerCaller: 0, TimeSpan.FromSeconds(2.5), IsShadow: false);

    // Eight run, one second each takes; a thousand prompt tokens are computed in a second.
    private static readonly Load Busy = new(
        new Counts(8, 0, 0), Running: 8, OfCaller: 0, Ahead: 0, TokensAhead: 0, PrefillSpeed: 1000, AnswerSeconds: 1);

    [Theory]
    // Prompt tokens ahead, own prompt, milliseconds left; what is expected in milliseconds, and whether it is let in.
    [InlineData(0, 100, 10_000, 225, true)]
    [InlineData(1900, 100, 10_000, 2000, true)]
    [InlineData(1901, 100, 10_000, 2001, false)]
    [InlineData(1900, 100, 2499, 2000, false)]
    [InlineData(900, 100, 1250, 1000, true)]
    public void What_cannot_begin_in_time_is_refused(int ahead, int prompt, int left, int expected, bool isIn)
    {
        var verdict = AdmissionPolicy.Decide(
            new Applicant(Priority.Chat, prompt, TimeSpan.FromMilliseconds(left)), Busy with { TokensAhead = ahead }, Limits);

        Assert.Equal(isIn ? Refusal.None : Refusal.DeadlineUnreachable, verdict.Refusal);
        Assert.Equal(expected, verdict.FirstTokenIn.TotalMilliseconds, 0.1);
    }

    [Theory]
    // Slots, running, waiting ahead, seconds per answer: the first token waits for the slots that are missing.
    [InlineData(7, 0, 4, 0)]
    [InlineData(8, 0, 4, 500)]
    [InlineData(8, 3, 4, 2000)]
    [InlineData(6, 3, 4, 1000)]
    public void Who_finds_no_slot_waits_for_answers_to_end(int running, int ahead, double answerSeconds, int expected)
    {
        var load = Busy with { Running = running, Ahead = ahead, AnswerSeconds = answerSeconds };

        Assert.Equal(expected, AdmissionPolicy.Decide(new Applicant(Priority.Chat, 0, null), load, Limits).FirstTokenIn.TotalMilliseconds, 0.1);
    }

    [Theory]
    // In how many seconds it has its cells, and the one behind it whom it would keep from them; whether it is let in, and when to come back.
    [InlineData(2, 0, true, 1)]
    [InlineData(2.1, 0, false, 1)]
    [InlineData(5, 0, false, 4)]
    [InlineData(0, 3, false, 3)]
    [InlineData(double.PositiveInfinity, 0, false, 60)]
    public void Who_gets_its_cells_too_late_or_keeps_another_from_them_is_refused(double cellsIn, double spoils, bool isIn, int retryAfter)
    {
        var load = Busy with { Running = 4, CellsIn = cellsIn, Spoils = spoils };
        var verdict = AdmissionPolicy.Decide(new Applicant(Priority.Chat, 0, null), load, Limits);

        Assert.Equal(isIn ? Refusal.None : Refusal.DeadlineUnreachable, verdict.Refusal);
        Assert.Equal(retryAfter, verdict.RetryAfter!.Value.TotalSeconds);
    }

    [Theory]
    [InlineData(5000, 5)]
    [InlineData(3000, 3)]
    [InlineData(1100, 1)]
    [InlineData(1_000_000, 60)]
    public void Retry_after_is_when_it_would_be_let_in(int tokensAhead, int seconds)
    {
        var verdict = AdmissionPolicy.Decide(new Applicant(Priority.Chat, 1000, null), Busy with { TokensAhead = tokensAhead }, Limits);

        Assert.Equal((Refusal.DeadlineUnreachable, seconds), (verdict.Refusal, (int)verdict.RetryAfter!.Value.TotalSeconds));
    }

    [Theory]
    // Own prompt at a thousand tokens a second, for 2.5 seconds with a quarter to spare.
    [InlineData(2000, 4)]
    [InlineData(2001, null)]
    [InlineData(9000, null)]
    public void No_later_hour_is_promised_to_a_prompt_that_is_too_long_by_itself(int prompt, int? seconds)
    {
        var verdict = AdmissionPolicy.Decide(new Applicant(Priority.Chat, prompt, null), Busy with { TokensAhead = 3000 }, Limits);

        Assert.Equal((Refusal.DeadlineUnreachable, seconds), (verdict.Refusal, (int?)verdict.RetryAfter?.TotalSeconds));
    }

    [Fact]
    public void Batch_work_has_only_its_own_deadline()
    {
        var load = Busy with { TokensAhead = 60_000 };

        Assert.Equal(Refusal.None, AdmissionPolicy.Decide(new Applicant(Priority.Batch, 10, null), load, Limits).Refusal);
        Assert.Equal(
            Refusal.DeadlineUnreachable,
            AdmissionPolicy.Decide(new Applicant(Priority.Batch, 10, TimeSpan.FromSeconds(30)), load, Limits).Refusal);
    }

    [Fact]
    public void Before_anything_was_measured_nobody_is_refused_for_time() => Assert.Equal(
        Refusal.None,
        AdmissionPolicy.Decide(
            new Applicant(Priority.Chat, 4000, TimeSpan.FromMilliseconds(1)),
            Busy with { TokensAhead = 4000, PrefillSpeed = 0, AnswerSeconds = 0 },
            Limits).Refusal);

    [Fact]
    public void An_idle_house_lets_in_whatever_it_once_measured() => Assert.Equal(
        Refusal.None,
        AdmissionPolicy.Decide(
            new Applicant(Priority.Chat, 4000, TimeSpan.FromSeconds(1)), Busy with { Used = default, Running = 0, PrefillSpeed = 1 }, Limits).Refusal);

    [Theory]
    [InlineData(16, 0, 0, 0, Refusal.QueueFull)]
    [InlineData(14, 0, 0, 1, Refusal.CallerLimit)]
    [InlineData(13, 0, 0, 0, Refusal.None, Priority.Recommendations)]
    [InlineData(13, 0, 0, 0, Refusal.PriorityLimit)]
    [InlineData(12, 0, 0, 12, Refusal.None)]
    [InlineData(0, 12, 0, 0, Refusal.None)]
    [InlineData(0, 11, 0, 0, Refusal.PriorityLimit, Priority.Recommendations)]
    [InlineData(0, 0, 8, 0, Refusal.PriorityLimit, Priority.Batch)]
    [InlineData(13, 2, 0, 0, Refusal.None, Priority.Batch)]
    internal void Places_are_shared(int chat, int recommendations, int batch, int ofCaller, Refusal expected, Priority priority = Priority.Chat)
    {
        var load = Busy with { Used = new Counts(chat, recommendations, batch), OfCaller = ofCaller };

        Assert.Equal(expected, AdmissionPolicy.Decide(new Applicant(priority, 1, null), load, Limits).Refusal);
    }

    [Fact]
    public void A_caller_may_have_a_limit_of_its_own() => Assert.Equal(
        Refusal.CallerLimit,
        AdmissionPolicy.Decide(new Applicant(Priority.Chat, 1, null), Busy with { OfCaller = 3 }, Limits with { PerCaller = 3 }).Refusal);

    [Property(MaxTest = 500)]
    public Property However_they_come_each_priority_gets_what_is_guaranteed_and_the_house_never_overflows() => Prop.ForAll(
        Gen.Choose(1, 40).Zip(Gen.Elements(Enum.GetValues<Priority>()).ListOf()).ToArbitrary(), house =>
        {
            foreach (var shares in new[] { Shares.OfPlaces(house.Item1), Shares.OfSlots(house.Item1) })
            {
                var used = default(Counts);
                foreach (var priority in house.Item2.Where(priority => shares.Allow(used, priority)))
                {
                    used = used.Plus(priority, 1);
                }

                Assert.True(used.Total <= shares.Capacity);
                Assert.All(Enum.GetValues<Priority>(), priority =>
                    Assert.True(used[priority] >= shares.Guaranteed[priority] || shares.Allow(used, priority)));
            }

            return true;
        });

    [Property(MaxTest = 200)]
    public bool Whoever_comes_to_an_empty_house_is_let_in(PositiveInt capacity) =>
        Enum.GetValues<Priority>().All(priority =>
            Shares.OfPlaces(capacity.Get).Allow(default, priority) && Shares.OfSlots(capacity.Get).Allow(default, priority));
}
