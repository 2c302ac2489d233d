using ShopifyLlmGuard.Releases.Comparing;

namespace ShopifyLlmGuard.Tests.Releases;

/// <summary>The sequential test: what it promises about good releases, and how soon it finds bad ones.</summary>
public sealed class EvidenceTests
{
    private const double Tolerated = 0.05;
    private const double FalseAlarms = 0.05;
    private const int Rollouts = 200;
    private static readonly DateTimeOffset Start = new(2026, 11, 24, 8, 0, 0, TimeSpan.Zero);

    public static TheoryData<double, int, double> Traffic
    {
        get
        {
            TheoryData<double, int, double> cases = [];
            foreach (var share in (double[])[0.1, 0.5, 0.9, 0.99])
            {
                cases.Add(share, 2, 0.2);
                cases.Add(share, 10, 0.2);
                cases.Add(share, 10, 0.02);
                cases.Add(share, 150, 0.5);
            }

            return cases;
        }
    }

    [Theory]
    [InlineData(0.01)]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    [InlineData(0.99)]
    public void No_answer_speaks_against_a_release_on_average_if_it_spoils_no_more_than_is_tolerated(double share)
    {
        foreach (var (oldBad, spoilt) in from bad in (double[])[0.01, 0.1, 0.4, 0.8] from part in (double[])[0.06, 0.25, 0.6, 0.97] select (bad, part))
        {
            var factors = AnswerFactors.Of(share, oldBad, spoilt, Tolerated);
            foreach (var really in (double[])[0, 0.02, Tolerated])
            {
                var wellOtherwise = (share * (((1 - really) * factors.NewGood) + (really * factors.NewBad))) + ((1 - share) * factors.OldGood);
                var badAnyway = (share * factors.NewBad) + ((1 - share) * factors.OldBad);
                Assert.InRange(wellOtherwise, 0, 1 + 1e-9);
                Assert.InRange(badAnyway, 0, 1 + 1e-9);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Traffic))]
    public void A_release_as_good_as_its_predecessor_raises_no_more_false_alarms_than_promised(double share, int perMinute, double usualBad) =>
        Assert.InRange(Alarms(share, perMinute, _ => usualBad, spoilt: 0), 0, Rollouts * FalseAlarms);

    [Theory]
    [MemberData(nameof(Traffic))]
    public void A_release_that_spoils_just_what_is_tolerated_raises_no_more_either(double share, int perMinute, double usualBad) =>
        Assert.InRange(Alarms(share, perMinute, _ => usualBad, Tolerated), 0, Rollouts * FalseAlarms);

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    [InlineData(0.99)]
    public void Outages_of_both_that_come_and_go_raise_no_more_either(double share) =>
        Assert.InRange(Alarms(share, 20, minute => minute % 7 < 2 ? 0.95 : 0.02, spoilt: 0), 0, Rollouts * FalseAlarms);

    [Fact]
    public void A_release_without_a_predecessor_beside_it_cannot_be_judged_however_bad_it_is()
    {
        var evidence = new SignalEvidence(0.9, Tolerated);
        Enumerable.Range(0, 20).ToList().ForEach(minute => evidence.Add(Start.AddMinutes(minute), (1, 1), (0, 0)));
        Assert.InRange(evidence.Value, 0, 1 / FalseAlarms);
    }

    [Theory]
    [InlineData(0.1, 2, 24 * 60)]
    [InlineData(0.5, 2, 120)]
    [InlineData(0.9, 2, 8 * 60)]
    public void A_bad_release_is_found_in_the_end_on_a_shop_with_two_visitors_a_minute(double share, int perMinute, int withinMinutes)
    {
        var found = Enumerable.Range(0, 40).Select(seed => FirstAlarm(seed, share, perMinute, _ => 0.02, spoilt: 0.9, withinMinutes, alarm: 1000));
        Assert.All(found, minute => Assert.NotNull(minute));
    }

    private static int Alarms(double share, int perMinute, Func<int, double> usualBad, double spoilt) => Enumerable.Range(0, Rollouts)
        .Count(seed => FirstAlarm(seed, share, perMinute, usualBad, spoilt, minutes: 120, alarm: 1 / FalseAlarms) is not null);

    private static int? FirstAlarm(int seed, double share, int perMinute, Func<int, double> usualBad, double spoilt, int minutes, double alarm)
    {
        var random = new Random(seed);
        var evidence = new SignalEvidence(share, Tolerated);
        for (var minute = 0; minute < minutes; minute++)
        {
            var (fresh, old) = Answers(random, share, perMinute, usualBad(minute), spoilt);
            evidence.Add(Start.AddMinutes(minute), fresh, old);
            if (evidence.Value >= alarm)
            {
                return minute;
            }
        }

        return null;
    }

    internal static ((long Bad, long Of) New, (long Bad, long Of) Old) Answers(Random random, double share, int count, double usualBad, double spoilt)
    {
        var (fresh, old) = ((Bad: 0L, Of: 0L), (Bad: 0L, Of: 0L));
        for (var answer = 0; answer < count; answer++)
        {
            var isNew = random.NextDouble() < share;
            var bad = random.NextDouble() < usualBad || (isNew && random.NextDouble() < spoilt) ? 1 : 0;
            (fresh, old) = isNew ? ((fresh.Bad + bad, fresh.Of + 1), old) : (fresh, (old.Bad + bad, old.Of + 1));
        }

        return (fresh, old);
    }
}
