using ShopifyLlmGuard.Incidents;

namespace ShopifyLlmGuard.Tests.Incidents;

public sealed class SignificanceTests
{
    private static readonly Assessment Harmless = new()
    {
        CriticalPath = YesNo.No, Malicious = YesNo.No, CrossBorder = YesNo.No, PersonalData = YesNo.No, HealthDamage = YesNo.No,
        Death = YesNo.No, TradeSecrets = YesNo.No, LossEuro = 0,
    };

    [Fact]
    public void An_outage_of_AI_alone_is_not_significant_however_long() =>
        Assert.Equal(YesNo.No, Verdict(Harmless, TimeSpan.FromDays(3)));

    [Fact]
    public void What_nobody_has_assessed_is_unknown_and_never_a_no()
    {
        var proposal = Significance.Propose(new SignificanceFacts(TimeSpan.FromHours(2), new Assessment(), []), new SignificanceOptions());
        Assert.Equal(YesNo.Unknown, proposal.Verdict);
        Assert.All(proposal.Findings.Where(finding => finding.Code != "recurrence"), finding => Assert.Equal(YesNo.Unknown, finding.Met));
    }

    [Theory]
    [InlineData(Significance.ManagedService, YesNo.Yes, 31, null, YesNo.Yes)]
    [InlineData(Significance.ManagedService, YesNo.Yes, 30, null, YesNo.No)]
    [InlineData(Significance.ManagedService, YesNo.Unknown, 30, null, YesNo.No)]
    [InlineData(Significance.ManagedService, YesNo.Unknown, 31, null, YesNo.Unknown)]
    [InlineData(Significance.ManagedService, YesNo.No, 9999, null, YesNo.No)]
    [InlineData(Significance.Marketplace, YesNo.Yes, 1, 0.06, YesNo.Yes)]
    [InlineData(Significance.Marketplace, YesNo.Yes, 1, 0.05, YesNo.No)]
    [InlineData(Significance.Marketplace, YesNo.Yes, 1, null, YesNo.Unknown)]
    public void Full_unavailability_is_judged_by_the_critical_path(string profile, YesNo criticalPath, int minutes, double? share, YesNo expected) => Assert.Equal(
        expected, Finding("unavailable", Harmless with { CriticalPath = criticalPath, UsersShare = share }, TimeSpan.FromMinutes(minutes), profile).Met);

    [Theory]
    [InlineData(61, 0.051, null, YesNo.Yes)]
    [InlineData(60, 0.051, null, YesNo.No)]
    [InlineData(61, 0.01, 1_000_001L, YesNo.Yes)]
    [InlineData(61, 0.05, 1_000_000L, YesNo.No)]
    [InlineData(61, null, 1000L, YesNo.Unknown)]
    [InlineData(61, null, null, YesNo.Unknown)]
    public void Limited_service_counts_for_many_users_and_an_hour(int minutes, double? share, long? users, YesNo expected) => Assert.Equal(
        expected, Finding("limited", Harmless with { CriticalPath = YesNo.Yes, UsersShare = share, Users = users }, TimeSpan.FromMinutes(minutes)).Met);

    [Theory]
    [InlineData(500_001, null, YesNo.Yes)]
    [InlineData(500_000, 100_000_000.0, YesNo.No)]
    [InlineData(60_000, 1_000_000.0, YesNo.Yes)] // 5 % of the turnover is lower.
    [InlineData(50_000, 1_000_000.0, YesNo.No)]
    [InlineData(60_000, null, YesNo.Unknown)]
    [InlineData(0, null, YesNo.No)]
    [InlineData(null, 1_000_000.0, YesNo.Unknown)]
    public void A_loss_above_the_lower_of_two_limits_is_significant(int? loss, double? turnover, YesNo expected) => Assert.Equal(
        expected, Significance.Propose(
            new SignificanceFacts(TimeSpan.Zero, Harmless with { LossEuro = loss }, []), new SignificanceOptions { TurnoverEuro = turnover })
            .Findings.Single(finding => finding.Code == "loss").Met);

    [Theory]
    [InlineData(300_000, 300_000, YesNo.Yes)]
    [InlineData(100_000, 100_000, YesNo.No)]
    [InlineData(100_000, null, YesNo.Unknown)]
    [InlineData(600_000, null, YesNo.Yes)]
    public void Recurring_incidents_are_summed(int loss, int? before, YesNo expected)
    {
        var options = new SignificanceOptions { TurnoverEuro = 100_000_000 };
        var facts = new SignificanceFacts(TimeSpan.Zero, Harmless with { LossEuro = loss }, [before]);
        Assert.Equal(expected, Significance.Propose(facts, options).Findings.Single(finding => finding.Code == "recurrence").Met);
    }

    [Fact]
    public void Each_kind_of_harm_is_enough()
    {
        Assert.Equal(YesNo.Yes, Verdict(Harmless with { Death = YesNo.Yes }));
        Assert.Equal(YesNo.Yes, Verdict(Harmless with { HealthDamage = YesNo.Yes }));
        Assert.Equal(YesNo.Yes, Verdict(Harmless with { TradeSecrets = YesNo.Yes }));
        Assert.Equal(YesNo.Yes, Verdict(Harmless with { Malicious = YesNo.Yes }));
        Assert.Equal(YesNo.Unknown, Verdict(Harmless with { PersonalData = YesNo.Yes, Malicious = YesNo.Unknown }));
        Assert.Equal(YesNo.Yes, Verdict(Harmless with { PersonalData = YesNo.Yes, UsersShare = 0.2 }));
    }

    [Fact]
    public void Planned_maintenance_is_excluded()
    {
        var proposal = Significance.Propose(
            new SignificanceFacts(TimeSpan.FromHours(9), new Assessment { Planned = YesNo.Yes, CriticalPath = YesNo.Yes }, []), new SignificanceOptions());
        Assert.Equal((YesNo.No, "Planned interruptions are excluded."), (proposal.Verdict, Assert.Single(proposal.Findings).Because));
    }

    [Fact]
    public void A_general_entity_is_not_judged_by_availability() => Assert.DoesNotContain(
        Significance.Propose(new SignificanceFacts(TimeSpan.FromDays(1), Harmless with { CriticalPath = YesNo.Yes }, []), new SignificanceOptions { Profile = Significance.General }).Findings,
        finding => finding.Code is "unavailable" or "limited");

    private static YesNo Verdict(Assessment assessment, TimeSpan? duration = null) =>
        Significance.Propose(new SignificanceFacts(duration ?? TimeSpan.Zero, assessment, []), new SignificanceOptions()).Verdict;

    private static Finding Finding(string code, Assessment assessment, TimeSpan duration, string profile = Significance.ManagedService) =>
        Significance.Propose(new SignificanceFacts(duration, assessment, []), new SignificanceOptions { Profile = profile })
            .Findings.Single(finding => finding.Code == code);
}
