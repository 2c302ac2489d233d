using ShopifyLlmGuard.Releases;
using ShopifyLlmGuard.Releases.Comparing;

namespace ShopifyLlmGuard.Tests.Releases;

public sealed class ReleaseJudgeTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 24, 8, 0, 0, TimeSpan.Zero);
    private static readonly ReleaseOptions Options = new();

    [Fact]
    public void A_release_that_nobody_met_is_neither_proven_nor_rolled_back()
    {
        var verdict = ReleaseJudge.Judge([.. Enumerable.Range(0, 10).Select(at => Minute(at, Counts(0, 0), Counts(20, 0)))], 0.5, Options);
        Assert.Equal((null, false), (verdict.Signal, verdict.IsProven));
    }

    [Fact]
    public void Few_good_answers_of_either_are_no_proof()
    {
        Assert.False(Judge(0.5, Counts(49, 0), Counts(50, 0)).IsProven);
        Assert.False(Judge(0.5, Counts(50, 0), Counts(49, 0)).IsProven);
        Assert.True(Judge(0.5, Counts(50, 0), Counts(50, 0)).IsProven);
    }

    [Fact]
    public void An_outage_of_both_proves_nothing_and_is_nobodys_fault()
    {
        var verdict = Judge(0.5, Counts(300, 300), Counts(300, 300));
        Assert.Equal((null, false), (verdict.Signal, verdict.IsProven));
    }

    [Fact]
    public void What_looks_bad_is_not_proven_before_it_looks_well_again()
    {
        var verdict = Judge(0.5, Counts(60, 15), Counts(60, 0));
        Assert.Null(verdict.Signal);
        Assert.InRange(verdict.Evidence, 1, 1000);
        Assert.False(verdict.IsProven);
    }

    [Fact]
    public void A_minute_without_answers_changes_nothing()
    {
        ComparedMinute[] busy = [Minute(0, Counts(20, 3), Counts(20, 1)), Minute(9, Counts(20, 3), Counts(20, 1))];
        ComparedMinute[] withGap = [busy[0], .. Enumerable.Range(1, 8).Select(at => Minute(at, Counts(0, 0), Counts(0, 0))), busy[1]];
        Assert.Equal(ReleaseJudge.Judge(busy, 0.5, Options).Evidence, ReleaseJudge.Judge(withGap, 0.5, Options).Evidence, 12);
    }

    [Theory]
    [InlineData(ReleaseSignals.DeadlineMisses)]
    [InlineData(ReleaseSignals.Errors)]
    [InlineData(ReleaseSignals.Unusable)]
    [InlineData(ReleaseSignals.Busy)]
    [InlineData(ReleaseSignals.Refusals)]
    [InlineData(ReleaseSignals.SlowTokens)]
    public void The_signal_says_what_was_wrong(string signal)
    {
        long If(string name) => signal == name ? 18 : 0;
        var bad = new ReleaseCounts
        {
            Answers = 20, Fallbacks = signal == ReleaseSignals.SlowTokens ? 0 : 18, Missed = If(ReleaseSignals.DeadlineMisses), Errors = If(ReleaseSignals.Errors),
            Unusable = If(ReleaseSignals.Unusable), Busy = If(ReleaseSignals.Busy), Refusals = If(ReleaseSignals.Refusals), Paced = 20, Slow = If(ReleaseSignals.SlowTokens),
        };
        var verdict = Judge(0.5, bad, new ReleaseCounts { Answers = 20, Paced = 20 });
        Assert.Equal(signal, verdict.Signal);
        Assert.Equal($"{signal}: 18 of 20 answers, its predecessor 0 of 20.", verdict.Detail);
    }

    [Fact]
    public void The_verdict_knows_the_first_bad_minute()
    {
        var minutes = Enumerable.Range(0, 40).Select(at => Minute(at, Counts(20, at >= 37 ? 19 : at % 9 == 0 ? 1 : 0), Counts(20, 0))).ToList();
        Assert.Equal(Start.AddMinutes(37), ReleaseJudge.Judge(minutes, 0.5, Options).BadSince);
    }

    [Theory]
    [InlineData(5, 300)]
    [InlineData(10, 200)]
    [InlineData(50, 60)]
    [InlineData(90, 150)]
    [InlineData(99, 1500)]
    public void A_release_that_turns_bad_after_a_good_half_hour_is_found_within_a_minute_of_its_first_bad_one(int percent, int visitorsPerMinute)
    {
        var found = Enumerable.Range(0, 40).Select(seed => SecondsToAlarm(seed, percent / 100.0, visitorsPerMinute)).Order().ToList();
        Assert.InRange(found[^3], 0, 60);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    [InlineData(0.99)]
    public void All_signals_together_raise_no_more_false_alarms_than_promised(double share)
    {
        var lax = new ReleaseOptions { FalseAlarms = 0.05 };
        Assert.InRange(Enumerable.Range(0, 60).Count(seed => HasAlarm(seed, share, lax)), 0, 3);
    }

    private static bool HasAlarm(int seed, double share, ReleaseOptions options)
    {
        var random = new Random(seed);
        List<ComparedMinute> minutes = [];
        for (var at = 0; at < 60; at++)
        {
            var (fresh, old) = (ReleaseCounts.None, ReleaseCounts.None);
            for (var answer = 0; answer < 10; answer++)
            {
                var (isNew, one) = (random.NextDouble() < share, Answer(random.Next(10)));
                (fresh, old) = isNew ? (fresh + one, old) : (fresh, old + one);
            }

            minutes.Add(Minute(at, fresh, old));
            if (ReleaseJudge.Judge(minutes, share, options).Signal is not null)
            {
                return true;
            }
        }

        return false;
    }

    private static ReleaseCounts Answer(int drawn) => new()
    {
        Answers = 1, Paced = 1, Missed = drawn == 0 ? 1 : 0, Errors = drawn is 1 or 2 ? 1 : 0, Fallbacks = drawn < 3 ? 1 : 0, Slow = drawn is 3 or 4 ? 1 : 0,
        Refusals = drawn is 4 or 5 ? 1 : 0,
    };

    // A look every five seconds, at what was counted until then.
    private static int SecondsToAlarm(int seed, double share, int perMinute)
    {
        var random = new Random(seed);
        List<ComparedMinute> minutes = [.. Enumerable.Range(0, 30).Select(at => Drawn(at, EvidenceTests.Answers(random, share, perMinute, 0.02, 0)))];
        for (var seconds = 0; seconds < 600;)
        {
            minutes.Add(Minute(30 + (seconds / 60), Counts(0, 0), Counts(0, 0)));
            for (var look = 0; look < 12; look++)
            {
                seconds += 5;
                var now = Drawn(0, EvidenceTests.Answers(random, share, perMinute / 12, 0.02, 0.95));
                minutes[^1] = minutes[^1] with { New = minutes[^1].New + now.New, Old = minutes[^1].Old + now.Old };
                if (ReleaseJudge.Judge(minutes, share, Options).Signal is not null)
                {
                    return seconds;
                }
            }
        }

        return int.MaxValue;
    }

    private static ComparedMinute Drawn(int at, ((long Bad, long Of) New, (long Bad, long Of) Old) answers) =>
        Minute(at, Counts(answers.New.Of, answers.New.Bad), Counts(answers.Old.Of, answers.Old.Bad));

    private static ReleaseVerdict Judge(double share, ReleaseCounts fresh, ReleaseCounts old) => ReleaseJudge.Judge([Minute(0, fresh, old)], share, Options);

    private static ComparedMinute Minute(int at, ReleaseCounts fresh, ReleaseCounts old) => new(Start.AddMinutes(at), fresh, old);

    private static ReleaseCounts Counts(long answers, long missed) => new() { Answers = answers, Missed = missed, Fallbacks = missed };
}
