using ShopifyLlmGuard.Releases;

namespace ShopifyLlmGuard.Tests.Releases;

public sealed class ReleaseJudgeTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 24, 8, 0, 0, TimeSpan.Zero);
    private static readonly ReleaseOptions Options = new();

    [Fact]
    public void A_release_that_nobody_asked_yet_is_neither_good_nor_bad()
    {
        var verdict = ReleaseJudge.Judge([Minute(0, New(0, 0), Old(10, 0))], Options);
        Assert.Equal((null, false), (verdict.Signal, verdict.IsProven));
    }

    [Fact]
    public void A_release_that_nobody_met_for_long_is_neither_proven_nor_rolled_back()
    {
        var minutes = Enumerable.Range(0, 10).Select(at => Minute(at, New(0, 0), Old(20, 0))).ToList();
        var verdict = ReleaseJudge.Judge(minutes, Options);
        Assert.Equal((null, false), (verdict.Signal, verdict.IsProven));
    }

    [Fact]
    public void Few_good_answers_are_no_proof()
    {
        var verdict = ReleaseJudge.Judge([Minute(0, New(49, 0), Old(500, 0))], Options);
        Assert.Equal((null, false), (verdict.Signal, verdict.IsProven));
        Assert.True(ReleaseJudge.Judge([Minute(0, New(50, 0), Old(500, 0))], Options).IsProven);
    }

    [Fact]
    public void Three_misses_in_a_row_beside_a_sound_predecessor_are_enough_on_a_shop_with_two_chats_a_minute()
    {
        var minutes = Enumerable.Range(0, 3).Select(at => Minute(at * 4, New(1, 1), Old(2, 0))).ToList();
        Assert.Null(ReleaseJudge.Judge(minutes[..2], Options).Signal);
        Assert.Equal(ReleaseSignals.DeadlineMisses, ReleaseJudge.Judge(minutes, Options).Signal);
    }

    [Fact]
    public void An_outage_of_both_is_nobodys_fault()
    {
        var minutes = Enumerable.Range(0, 60).Select(at => at is >= 20 and < 50 ? Minute(at, New(2, 2), Old(8, 8)) : Minute(at, New(2, 0), Old(8, 0))).ToList();
        Assert.Null(ReleaseJudge.Judge(minutes, Options).Signal);
    }

    [Theory]
    [InlineData(ReleaseSignals.DeadlineMisses)]
    [InlineData(ReleaseSignals.Errors)]
    [InlineData(ReleaseSignals.Refusals)]
    [InlineData(ReleaseSignals.SlowTokens)]
    public void The_signal_says_what_was_wrong(string signal)
    {
        var bad = new ReleaseCounts
        {
            Answers = 10, Fallbacks = signal == ReleaseSignals.SlowTokens ? 0 : 5, Missed = signal == ReleaseSignals.DeadlineMisses ? 5 : 0,
            Errors = signal == ReleaseSignals.Errors ? 5 : 0, Refusals = signal == ReleaseSignals.Refusals ? 5 : 0, Paced = 10, Slow = signal == ReleaseSignals.SlowTokens ? 8 : 0,
        };
        var good = new ReleaseCounts { Answers = 90, Paced = 90 };
        Assert.Equal(signal, ReleaseJudge.Judge([Minute(0, bad, good)], Options).Signal);
    }

    [Theory]
    [InlineData(2, 0.02)]
    [InlineData(10, 0.05)]
    [InlineData(40, 0.2)]
    public void A_release_as_good_as_its_predecessor_is_almost_never_rolled_back(int answersPerMinute, double badShare)
    {
        var alarms = Enumerable.Range(0, 100).Count(seed => FirstAlarm(seed, answersPerMinute, badShare, badShare, minutes: 60) is not null);
        Assert.InRange(alarms, 0, 2);
    }

    [Theory]
    [InlineData(2, 0.9, 20)]
    [InlineData(20, 0.5, 8)]
    [InlineData(200, 0.3, 3)]
    public void A_bad_release_is_found_soon_although_it_answers_one_visitor_in_four(int answersPerMinute, double badShare, int minutes)
    {
        var found = Enumerable.Range(0, 100).Select(seed => FirstAlarm(seed, answersPerMinute, badShare, 0.02, minutes: 60) ?? int.MaxValue).Order().ToList();
        Assert.InRange(found[50], 0, minutes);
        Assert.InRange(found[95], 0, 60);
    }

    // A quarter of the visitors meets the new release; a judge looks after every minute.
    private static int? FirstAlarm(int seed, int answersPerMinute, double newBad, double oldBad, int minutes)
    {
        var random = new Random(seed);
        List<ComparedMinute> seen = [];
        for (var at = 0; at < minutes; at++)
        {
            long fresh = 0, freshBad = 0, old = 0, oldFailed = 0;
            for (var answer = 0; answer < answersPerMinute; answer++)
            {
                var isNew = random.Next(4) == 0;
                var isBad = random.NextDouble() < (isNew ? newBad : oldBad);
                (fresh, old) = isNew ? (fresh + 1, old) : (fresh, old + 1);
                (freshBad, oldFailed) = (freshBad + (isNew && isBad ? 1 : 0), oldFailed + (!isNew && isBad ? 1 : 0));
            }

            seen.Add(Minute(at, New(fresh, freshBad), Old(old, oldFailed)));
            if (ReleaseJudge.Judge(seen, Options).Signal is not null)
            {
                return at + 1;
            }
        }

        return null;
    }

    private static ComparedMinute Minute(int at, ReleaseCounts fresh, ReleaseCounts old) => new(Start.AddMinutes(at), fresh, old);

    private static ReleaseCounts New(long answers, long missed) => new() { Answers = answers, Missed = missed, Fallbacks = missed };

    private static ReleaseCounts Old(long answers, long missed) => New(answers, missed);
}
