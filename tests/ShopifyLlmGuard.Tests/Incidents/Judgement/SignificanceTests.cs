using ShopifyLlmGuard.Incidents;
using ShopifyLlmGuard.Incidents.Judgement;

namespace ShopifyLlmGuard.Tests.Incidents.Judgement;

public sealed class SignificanceTests
{
    private static readonly Assessment Harmless = new()
    {
        CriticalPath = YesNo.No, FullyUnavailable = YesNo.No, SevereDisruption = YesNo.No, UnauthorisedAccess = YesNo.No, Malicious = YesNo.No,
        CrossBorder = YesNo.No, DataCompromised = YesNo.No, PersonalData = YesNo.No, ProtectedHealthInformation = YesNo.No,
        HealthDamage = YesNo.No, Death = YesNo.No, TradeSecrets = YesNo.No, LossEuro = 0,
    };

    [Fact]
    public void An_outage_of_AI_alone_is_not_significant_however_long() =>
        Assert.Equal(YesNo.No, Verdict(Harmless, TimeSpan.FromDays(3)));

    [Fact]
    public void What_nobody_has_assessed_is_unknown_and_never_a_no()
    {
        var proposal = Propose(new Assessment(), TimeSpan.FromHours(2));
        Assert.Equal(YesNo.Unknown, proposal.Verdict);
        Assert.All(proposal.Findings.Where(finding => finding.Code != "recurrence"), finding => Assert.Equal(YesNo.Unknown, finding.Met));
    }

    [Fact]
    public void How_long_AI_was_away_is_no_outage_of_the_critical_path()
    {
        // Checkout failed for a minute; AI for three days.
        var found = Harmless with { CriticalPath = YesNo.Yes, FullyUnavailable = YesNo.Yes, CriticalMinutes = 1, UsersShare = 1 };
        Assert.Equal(YesNo.No, Verdict(found, TimeSpan.FromDays(3)));
        Assert.Equal(YesNo.Unknown, Verdict(found with { CriticalMinutes = null }, TimeSpan.FromDays(3)));

        // And checkout failed for an hour although AI was never away.
        Assert.Equal(YesNo.Yes, Verdict(found with { CriticalMinutes = 60 }, TimeSpan.Zero));
    }

    [Theory]
    [InlineData(Significance.ManagedService, YesNo.Yes, YesNo.Yes, 31L, null, YesNo.Yes)]
    [InlineData(Significance.ManagedService, YesNo.Yes, YesNo.Yes, 30L, null, YesNo.No)]
    [InlineData(Significance.ManagedService, YesNo.Yes, YesNo.Yes, null, null, YesNo.Unknown)]
    [InlineData(Significance.ManagedService, YesNo.Yes, YesNo.No, 31L, null, YesNo.No)] // Limited is another criterion.
    [InlineData(Significance.ManagedService, YesNo.Yes, YesNo.Unknown, 31L, null, YesNo.Unknown)]
    [InlineData(Significance.ManagedService, YesNo.Unknown, YesNo.Yes, 31L, null, YesNo.Yes)]
    [InlineData(Significance.ManagedService, YesNo.Unknown, YesNo.Unknown, 30L, null, YesNo.No)]
    [InlineData(Significance.Cloud, YesNo.No, YesNo.Unknown, null, null, YesNo.No)]
    [InlineData(Significance.Marketplace, YesNo.Yes, YesNo.Yes, null, 0.06, YesNo.Yes)]
    [InlineData(Significance.Marketplace, YesNo.Yes, YesNo.Yes, 999L, 0.05, YesNo.No)]
    [InlineData(Significance.Marketplace, YesNo.Yes, YesNo.Yes, 1L, null, YesNo.Unknown)]
    public void Full_unavailability_is_that_of_the_critical_path(
        string profile, YesNo criticalPath, YesNo fully, long? minutes, double? share, YesNo expected) => Assert.Equal(
        expected, Finding("unavailable", Harmless with { CriticalPath = criticalPath, FullyUnavailable = fully, CriticalMinutes = minutes, UsersShare = share }, profile).Met);

    [Theory]
    [InlineData(61L, 0.051, null, YesNo.Yes)]
    [InlineData(60L, 0.051, null, YesNo.No)]
    [InlineData(null, 0.051, null, YesNo.Unknown)]
    [InlineData(61L, 0.01, 1_000_001L, YesNo.Yes)]
    [InlineData(61L, 0.05, 1_000_000L, YesNo.No)]
    [InlineData(61L, null, 1000L, YesNo.Unknown)]
    [InlineData(61L, null, null, YesNo.Unknown)]
    public void Limited_service_counts_for_many_users_and_an_hour(long? minutes, double? share, long? users, YesNo expected) => Assert.Equal(
        expected, Finding("limited", Harmless with { CriticalPath = YesNo.Yes, CriticalMinutes = minutes, UsersShare = share, Users = users }).Met);

    [Theory]
    [InlineData(YesNo.Yes, YesNo.Yes, YesNo.Yes, YesNo.Yes)]
    [InlineData(YesNo.Unknown, YesNo.Yes, YesNo.Yes, YesNo.Unknown)]
    [InlineData(YesNo.No, YesNo.Yes, YesNo.Yes, YesNo.No)] // An attack that got nowhere.
    [InlineData(YesNo.Yes, YesNo.No, YesNo.Yes, YesNo.No)]
    [InlineData(YesNo.Yes, YesNo.Yes, YesNo.No, YesNo.No)]
    [InlineData(YesNo.Yes, YesNo.Yes, YesNo.Unknown, YesNo.Unknown)]
    public void A_malicious_access_takes_an_access_malice_and_severity(YesNo access, YesNo malice, YesNo severe, YesNo expected) => Assert.Equal(
        expected, Finding("malicious-access", Harmless with { UnauthorisedAccess = access, Malicious = malice, SevereDisruption = severe }).Met);

    [Fact]
    public void Suspected_malice_alone_is_not_significant() => Assert.Equal(YesNo.No, Verdict(Harmless with { Malicious = YesNo.Yes }));

    [Fact]
    public void Personal_data_that_is_only_unavailable_is_not_compromised() => Assert.Equal(
        YesNo.No, Finding("data-compromised", Harmless with { PersonalData = YesNo.Yes, Malicious = YesNo.Yes }).Met);

    [Theory]
    [InlineData(Significance.General)]
    [InlineData(Significance.Cloud)]
    [InlineData(Significance.ManagedService)]
    [InlineData(Significance.Marketplace)]
    public void Every_criterion_says_where_it_stands(string profile)
    {
        var proposal = Propose(Harmless with { Death = YesNo.Yes }, default, profile);
        Assert.All(proposal.Findings, finding => Assert.Matches("(2024/2690|2022/2555).* Article [0-9]+", finding.Source));
        Assert.Equal("death (Implementing Regulation (EU) 2024/2690 Article 3(1)(c))", proposal.Grounds);
        Assert.All(proposal.Findings, finding => Assert.NotEmpty(finding.Because));
    }

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
            new SignificanceFacts(TimeSpan.Zero, 0, Harmless with { LossEuro = loss }, []), new SignificanceOptions { TurnoverEuro = turnover })
            .Findings.Single(finding => finding.Code == "loss").Met);

    [Theory]
    [InlineData(300_000, 300_000, YesNo.Yes)]
    [InlineData(100_000, 100_000, YesNo.No)]
    [InlineData(100_000, null, YesNo.Unknown)]
    [InlineData(600_000, null, YesNo.Yes)]
    public void Recurring_incidents_are_summed(int loss, int? before, YesNo expected)
    {
        var options = new SignificanceOptions { TurnoverEuro = 100_000_000 };
        var facts = new SignificanceFacts(TimeSpan.Zero, 0, Harmless with { LossEuro = loss }, [before]);
        Assert.Equal(expected, Significance.Propose(facts, options).Findings.Single(finding => finding.Code == "recurrence").Met);
    }

    [Fact]
    public void Each_kind_of_harm_is_enough()
    {
        Assert.Equal(YesNo.Yes, Verdict(Harmless with { Death = YesNo.Yes }));
        Assert.Equal(YesNo.Yes, Verdict(Harmless with { HealthDamage = YesNo.Yes }));
        Assert.Equal(YesNo.Yes, Verdict(Harmless with { TradeSecrets = YesNo.Yes }));
        Assert.Equal(YesNo.Yes, Verdict(Harmless with { DataCompromised = YesNo.Yes, Malicious = YesNo.Yes }));
        Assert.Equal(YesNo.Unknown, Verdict(Harmless with { DataCompromised = YesNo.Yes, Malicious = YesNo.Unknown }));
        Assert.Equal(YesNo.Yes, Verdict(Harmless with { DataCompromised = YesNo.Yes, UsersShare = 0.2 }));
    }

    [Fact]
    public void Planned_maintenance_is_excluded()
    {
        var proposal = Propose(new Assessment { Planned = YesNo.Yes, CriticalPath = YesNo.Yes }, TimeSpan.FromHours(9));
        Assert.Equal((YesNo.No, "Planned interruptions are excluded."), (proposal.Verdict, Assert.Single(proposal.Findings).Because));
    }

    [Fact]
    public void A_general_entity_is_judged_by_severe_disruption_and_not_by_the_thresholds_of_others()
    {
        var proposal = Propose(Harmless with { CriticalPath = YesNo.Yes, SevereDisruption = YesNo.Unknown }, TimeSpan.FromDays(1), Significance.General);
        Assert.DoesNotContain(proposal.Findings, finding => finding.Code is "unavailable" or "limited");
        Assert.Equal((YesNo.Unknown, YesNo.Unknown), (proposal.Verdict, proposal.Findings.Single(finding => finding.Code == "severe-disruption").Met));
    }

    private static YesNo Verdict(Assessment assessment, TimeSpan duration = default) => Propose(assessment, duration).Verdict;

    private static Proposal Propose(Assessment assessment, TimeSpan duration, string profile = Significance.ManagedService) =>
        Significance.Propose(new SignificanceFacts(duration, 7, assessment, []), new SignificanceOptions { Profile = profile });

    private static Finding Finding(string code, Assessment assessment, string profile = Significance.ManagedService) =>
        Propose(assessment, TimeSpan.FromDays(2), profile).Findings.Single(finding => finding.Code == code);
}
