using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Incidents;
using ShopifyLlmGuard.Incidents.Clocks;
using ShopifyLlmGuard.Incidents.Judgement;

namespace ShopifyLlmGuard.Tests.Incidents;

public sealed class IncidentDeskTests : IAsyncLifetime
{
    private IncidentSite site = null!;

    private IncidentDesk Desk => site.Guard.Get<IncidentDesk>();

    public async Task InitializeAsync() => site = await IncidentSite.StartAsync();

    public async Task DisposeAsync() => await site.DisposeAsync();

    [Fact]
    public async Task Detected_assessed_and_aware_are_three_moments_of_three_people()
    {
        await site.AfterAsync(1, EndpointState.Down, "fra-1", "fra-2");
        site.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Null(await Desk.AssessAsync(new IncidentParty(1, null, "Grace"), new Assessment { CriticalPath = YesNo.No, LossEuro = 12.5m }, "looked at checkout"));
        site.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Null(await Desk.BeAwareAsync(new IncidentParty(1, null, "Ada"), IncidentSite.Noon.AddMinutes(15), "the call with Grace"));

        var file = await site.ReadAsync(1);
        Assert.Equal((IncidentSite.Noon.AddMinutes(1), "the guard"), (file.Detected.At, file.Detected.By));
        Assert.Equal((IncidentSite.Noon.AddMinutes(11), "Grace"), (file.Assessed!.At, file.Assessed.By));
        Assert.Equal((IncidentSite.Noon.AddMinutes(15), "Ada", IncidentSite.Noon.AddMinutes(21)), (file.Aware!.At, file.Aware.By, file.Aware.RecordedAt));
        Assert.Equal((YesNo.No, 12.5m, YesNo.Unknown), (file.Assessment.CriticalPath, file.Assessment.LossEuro, file.Assessment.Malicious));
        Assert.Equal(IncidentSite.Noon.AddMinutes(15).AddHours(24), (await site.ListAsync()).Single().Next!.Due);
    }

    [Fact]
    public async Task A_changed_mind_is_one_more_row()
    {
        await site.AfterAsync(1, EndpointState.Down, "fra-1", "fra-2");
        Assert.Null(await Desk.BeAwareAsync(new IncidentParty(1, null, "Ada")));
        Assert.Null(await Desk.DecideAsync(new IncidentParty(1, null, "Ada"), Topics.Significant, false, "checkout was fine"));
        Assert.DoesNotContain((await site.ReadAsync(1)).Clocks(new IncidentOptions()), clock => clock.Rule.Profile == "nis2" && clock.State != ClockState.NotRequired);
        Assert.Null(await Desk.DecideAsync(new IncidentParty(1, null, "Grace"), Topics.Significant, true, "it was not"));
        var file = await site.ReadAsync(1);
        Assert.Equal([(false, "Ada"), (true, "Grace")], file.Steps.Where(step => step.Kind == IncidentStep.Decided).Select(step => (step.Decision!.Value, step.Actor)));
        Assert.True(file.Decision(Topics.Significant)!.Decision);
        Assert.Contains(file.Clocks(new IncidentOptions()), clock => clock is { Rule.Stage: "nis2-early-warning", State: ClockState.Running });
        await using var db = site.Guard.Db();
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => db.IncidentSteps.ExecuteUpdateAsync(step => step.SetProperty(s => s.Actor, "Eve")));
    }

    [Fact]
    public async Task What_the_tool_had_proposed_is_kept_beside_the_decision()
    {
        await site.AfterAsync(1, EndpointState.Down, "fra-1", "fra-2");
        await Desk.AssessAsync(new IncidentParty(1, null, "Ada"), new Assessment { Death = YesNo.Yes });
        await Desk.DecideAsync(new IncidentParty(1, null, "Ada"), Topics.Significant, true, "a person died");
        await Desk.AssessAsync(new IncidentParty(1, null, "Ada"), new Assessment { Planned = YesNo.Yes });
        await Desk.DecideAsync(new IncidentParty(1, null, "Grace"), Topics.Breach, false, "encrypted");
        var file = await site.ReadAsync(1);
        Assert.Equal(YesNo.No, file.Proposal(new SignificanceOptions()).Verdict);
        var kept = file.Decision(Topics.Significant)!.Proposal!;
        Assert.Equal((YesNo.Yes, "death (Implementing Regulation (EU) 2024/2690 Article 3(1)(c))"), (kept.Verdict, kept.Grounds));
        Assert.Null(file.Decision(Topics.Breach)!.Proposal);
        await using var db = site.Guard.Db();
        Assert.Contains(await db.AuditWords.Select(words => words.Detail).ToListAsync(), detail => detail == "significant: yes, proposed: yes");
    }

    [Fact]
    public async Task Closing_waits_for_a_round_that_is_just_opening_it_again()
    {
        await site.AfterAsync(1, EndpointState.Down, "fra-1", "fra-2");
        await site.AfterAsync(1, EndpointState.Up, "fra-1", "fra-2");
        await using var round = site.Guard.Db();
        await using var transaction = await round.Database.BeginTransactionAsync();
        await IncidentRound.AloneAsync(round, default);
        var incident = await round.Incidents.Include(each => each.Impacts).SingleAsync();
        incident.EndedAt = null;
        incident.Impacts.Add(new IncidentImpact { Shop = IncidentSite.Shop, Feature = Features.Chat, Reason = "degraded", From = IncidentSite.Noon.AddMinutes(2) });
        await round.SaveChangesAsync();

        var closing = Task.Run(() => Desk.CloseAsync(new IncidentParty(1, null, "Ada"), "all is well"));
        await using var db = site.Guard.Db();
        await Guard.UntilAsync(
            () => closing.IsCompleted || db.Database.SqlQuery<int>(
                $"SELECT count(*)::int AS \"Value\" FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").Single() > 0,
            "the closing waits, or is through");
        await transaction.CommitAsync();
        Assert.StartsWith("It goes on", await closing, StringComparison.Ordinal);
        Assert.Null((await site.ReadAsync(1)).Incident.ClosedAt);
    }

    [Fact]
    public async Task Each_merchant_decides_for_itself_and_sees_nobody_elses_steps()
    {
        await site.AfterAsync(1, EndpointState.Down, "fra-1", "fra-2");
        await Desk.BeAwareAsync(new IncidentParty(1, IncidentSite.Shop, "42"));
        await Desk.DecideAsync(new IncidentParty(1, IncidentSite.Other, "43"), Topics.Breach, true, "ours alone");
        await Desk.BeAwareAsync(new IncidentParty(1, null, "Grace"), reason: "the operator's own");
        var own = await site.ReadAsync(1, IncidentSite.Shop);
        Assert.Equal(["detected", "aware"], own.Steps.Select(step => step.Kind));
        Assert.Null(own.Decision(Topics.Breach));
        Assert.Equal(["detected", "decided"], (await site.ReadAsync(1, IncidentSite.Other)).Steps.Select(step => step.Kind));
        Assert.Equal("Grace", (await site.ReadAsync(1)).Aware!.By);
    }

    [Fact]
    public async Task A_report_that_was_handed_in_is_recorded_with_its_reference()
    {
        await site.AfterAsync(1, EndpointState.Down, "fra-1", "fra-2");
        await Desk.BeAwareAsync(new IncidentParty(1, null, "Ada"));
        site.Pass(TimeSpan.FromHours(80));
        Assert.Null(await Desk.SubmitAsync(new IncidentParty(1, null, "Ada"), "nis2-notification", null, " BSI-2026-77 "));
        var clocks = (await site.ReadAsync(1)).Clocks(new IncidentOptions());
        var notification = clocks.Single(clock => clock.Rule.Stage == "nis2-notification");
        Assert.Equal((ClockState.MetLate, "BSI-2026-77"), (notification.State, notification.Submission!.Reference));
        Assert.Equal(notification.Submission.At.AddMonths(1), clocks.Single(clock => clock.Rule.Stage == "nis2-final").Due);
        await using var db = site.Guard.Db();
        Assert.Contains("nis2-notification", (await db.AuditWords.OrderBy(words => words.Sequence).LastAsync()).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_becomes_aware_later_moves_no_clock()
    {
        await site.AfterAsync(1, EndpointState.Down, "fra-1", "fra-2");
        await Desk.BeAwareAsync(new IncidentParty(1, null, "Ada"));
        var due = (await site.ReadAsync(1)).Clocks(new IncidentOptions()).Select(clock => clock.Due).ToList();
        site.Pass(TimeSpan.FromHours(48));
        await Desk.BeAwareAsync(new IncidentParty(1, null, "Grace"));
        var file = await site.ReadAsync(1);
        Assert.Equal("Ada", file.Aware!.By);
        Assert.Equal(due, file.Clocks(new IncidentOptions()).Select(clock => clock.Due));
    }

    [Fact]
    public async Task What_a_person_opened_goes_on_until_a_person_closes_it()
    {
        var (id, _) = await Desk.OpenAsync([IncidentSite.Shop], [Features.Chat], "A stolen laptop", IncidentSite.Noon.AddHours(-2), "42");
        await site.LookAsync();
        var file = await site.ReadAsync(id!.Value, IncidentSite.Shop);
        Assert.Equal((null, "42", IncidentSite.Noon.AddHours(-2), TimeSpan.FromHours(2)), (file.EndedAt, file.Detected.By, file.Detected.At, file.Duration));
        Assert.Empty(await site.ListAsync(IncidentSite.Other));
        Assert.Equal("There is no such incident.", await Desk.CloseAsync(new IncidentParty(id.Value, IncidentSite.Other, "43"), "not mine"));
        Assert.Null(await Desk.CloseAsync(new IncidentParty(id.Value, IncidentSite.Shop, "42"), "found under the desk"));
        Assert.Equal(IncidentSite.Noon, (await site.ReadAsync(id.Value)).EndedAt);
    }

    [Fact]
    public async Task What_goes_on_by_itself_is_not_closed()
    {
        await site.AfterAsync(1, EndpointState.Down, "fra-1", "fra-2");
        Assert.StartsWith("It goes on", await Desk.CloseAsync(new IncidentParty(1, null, "Ada"), "enough"), StringComparison.Ordinal);
        await site.AfterAsync(1, EndpointState.Up, "fra-1", "fra-2");
        Assert.Null(await Desk.CloseAsync(new IncidentParty(1, null, "Ada"), "done"));
        await site.AfterAsync(1, EndpointState.Down, "fra-1", "fra-2");
        Assert.Equal(2, (await site.ListAsync()).Count);
    }

    [Fact]
    public async Task Mistakes_are_said_and_change_nothing()
    {
        await site.AfterAsync(1, EndpointState.Down, "fra-1", "fra-2");
        var (ada, future) = (new IncidentParty(1, null, "Ada"), site.Clock.GetUtcNow().AddMinutes(1));
        string?[] said =
        [
            await Desk.BeAwareAsync(ada, future), await Desk.SubmitAsync(ada, "nis2-notification", future, null), await Desk.SubmitAsync(ada, "hipaa-individuals", null, null),
            await Desk.DecideAsync(ada, Topics.Breach, true, " "), await Desk.DecideAsync(ada, "guilt", true, "x"), await Desk.DecideAsync(ada, Topics.HipaaBreach, false, "x"), await Desk.CloseAsync(ada, ""),
            await Desk.AssessAsync(ada, new Assessment { LossEuro = -1 }), await Desk.AssessAsync(ada, new Assessment { UsersShare = 1.01 }),
            await Desk.AssessAsync(ada, new Assessment { CriticalPath = YesNo.No, CriticalMinutes = 3 }), await Desk.AssessAsync(ada, new Assessment { Individuals = -1 }),
            await Desk.AssessAsync(ada, new Assessment { Measures = new string('x', 2001) }), await Desk.BeAwareAsync(ada with { Incident = 99 }),
            (await Desk.OpenAsync([], [], "", null, "Ada")).Mistake, (await Desk.OpenAsync([], ["telepathy"], "x", null, "Ada")).Mistake,
        ];
        Assert.All(said, Assert.NotNull);
        await using var db = site.Guard.Db();
        Assert.Equal("incident-opened", (await db.AuditEntries.SingleAsync()).Action);
        Assert.Equal(1, await db.IncidentSteps.CountAsync());
    }

    [Fact]
    public async Task The_same_root_cause_is_found_again_within_six_months()
    {
        await site.AfterAsync(1, EndpointState.Down, "fra-1", "fra-2");
        await Desk.AssessAsync(new IncidentParty(1, null, "Ada"), new Assessment { LossEuro = 400_000 });
        await site.AfterAsync(1, EndpointState.Up, "fra-1", "fra-2");
        await site.AfterAsync(60 * 24 * 30, EndpointState.Down, "fra-1", "fra-2");
        var second = (await site.ListAsync())[0].Id;
        await Desk.AssessAsync(new IncidentParty(second, null, "Ada"), new Assessment { LossEuro = 400_000 });
        Assert.Equal(YesNo.Yes, (await site.ReadAsync(second)).Proposal(new SignificanceOptions()).Findings.Single(finding => finding.Code == "recurrence").Met);
        Assert.DoesNotContain((await site.ReadAsync(second, IncidentSite.Shop)).Earlier, loss => loss is not null);
        await site.AfterAsync(1, EndpointState.Up, "fra-1", "fra-2");
        await site.AfterAsync(60 * 24 * 200, EndpointState.Down, "fra-1", "fra-2");
        Assert.Empty((await site.ReadAsync((await site.ListAsync())[0].Id)).Earlier);
    }
}
