using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Incidents.Answers;
using ShopifyLlmGuard.Incidents.Clocks;
using ShopifyLlmGuard.Incidents.Judgement;

namespace ShopifyLlmGuard.Incidents;

/// <summary>One line of a list of incidents.</summary>
/// <param name="Id">The incident.</param>
/// <param name="Title">One line.</param>
/// <param name="DetectedAt">When the trouble showed first.</param>
/// <param name="EndedAt">When the reader's part of it ended; null while it goes on.</param>
/// <param name="ClosedAt">When its file was closed.</param>
/// <param name="Features">Which features.</param>
/// <param name="Shops">How many shops, of those that the reader may see.</param>
/// <param name="Next">The clock that ends next, or is overdue longest; null when none runs.</param>
public sealed record IncidentLine(
    long Id, string Title, DateTimeOffset DetectedAt, DateTimeOffset? EndedAt, DateTimeOffset? ClosedAt, IReadOnlyList<string> Features, int Shops,
    ClockReading? Next);

/// <summary>Reads incidents for the operator, or for one merchant, who sees only what touched its own shop.</summary>
public sealed class IncidentReader
{
    private readonly IDbContextFactory<GuardDb> databases;
    private readonly IncidentOptions options;
    private readonly TimeProvider clock;

    internal IncidentReader(IDbContextFactory<GuardDb> databases, IOptions<IncidentOptions> options, TimeProvider clock) =>
        (this.databases, this.options, this.clock) = (databases, options.Value, clock);

    /// <summary>The newest incidents, newest first.</summary>
    /// <param name="shop">The merchant; null for the operator.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<IncidentLine>> ListAsync(string? shop, int limit = 50, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        var incidents = await db.Incidents
            .Where(incident => shop == null || incident.Impacts.Any(impact => impact.Shop == shop))
            .OrderByDescending(incident => incident.DetectedAt).Take(limit).ToListAsync(cancellationToken);
        var ids = incidents.ConvertAll(incident => incident.Id);
        var impacts = (await db.IncidentImpacts.Where(impact => ids.Contains(impact.Incident) && (shop == null || impact.Shop == shop))
            .ToListAsync(cancellationToken)).ToLookup(impact => impact.Incident);
        var steps = (await db.IncidentSteps.Where(step => ids.Contains(step.Incident)).OrderBy(step => step.Id).ToListAsync(cancellationToken))
            .Where(step => step.Shop == shop || step.IsShared).ToLookup(step => step.Incident);
        return [.. incidents.Select(incident => Line(new IncidentFile(
            incident, shop, [.. impacts[incident.Id]], [.. steps[incident.Id]], [], [], [], clock.GetUtcNow())))];
    }

    /// <summary>Everything about one incident; null when there is none, or when it did not touch the merchant's shop.</summary>
    public async Task<IncidentFile?> ReadAsync(long id, string? shop, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        var now = DatabaseTime.Of(clock);
        var incident = await db.Incidents.FirstOrDefaultAsync(
            each => each.Id == id && (shop == null || each.Impacts.Any(impact => impact.Shop == shop)), cancellationToken);
        if (incident is null)
        {
            return null;
        }

        var impacts = await db.IncidentImpacts.Where(impact => impact.Incident == id && (shop == null || impact.Shop == shop))
            .OrderBy(impact => impact.From).ThenBy(impact => impact.Id).ToListAsync(cancellationToken);
        var steps = (await db.IncidentSteps.Where(step => step.Incident == id).OrderBy(step => step.Id).ToListAsync(cancellationToken))
            .Where(step => step.Shop == shop || step.IsShared).ToList();
        return new IncidentFile(
            incident, shop, impacts, steps, await Timeline.ReadAsync(db, incident, shop, steps, now, cancellationToken),
            await AnswersAsync(db, id, shop, now, cancellationToken), await EarlierAsync(db, incident, shop, steps, cancellationToken), now);
    }

    private static IncidentLine Line(IncidentFile file, IncidentOptions options) => new(
        file.Incident.Id, file.Incident.Title, file.Incident.DetectedAt, file.EndedAt, ClosedAt(file), file.Features, file.Shops,
        file.Clocks(options).Where(clock => clock.State is ClockState.Running or ClockState.DueSoon or ClockState.Overdue).MinBy(clock => clock.Due));

    private static DateTimeOffset? ClosedAt(IncidentFile file) =>
        file.Steps.LastOrDefault(step => step.Kind == IncidentStep.Closed)?.At ?? (file.Shop is null ? file.Incident.ClosedAt : null);

    private IncidentLine Line(IncidentFile file) => Line(file, options);

    // Every minute that the trouble touched, whole: counts know no seconds.
    private static async Task<IReadOnlyList<AnswerCount>> AnswersAsync(
        GuardDb db, long id, string? shop, DateTimeOffset now, CancellationToken cancellationToken) =>
        await db.Database.SqlQuery<AnswerCount>(
            $"""
             SELECT row.feature AS "Feature", row.source AS "Source", row.reason AS "Reason", sum(row.count)::bigint AS "Count"
             FROM guard.answer_minutes AS row
             WHERE (({shop}::text) IS NULL OR row.shop = {shop}) AND EXISTS (
                 SELECT 1 FROM guard.incident_impacts AS impact
                 WHERE impact.incident = {id} AND impact.shop = row.shop AND impact.feature = row.feature
                     AND impact."from" < row.minute + interval '1 minute' AND coalesce(impact.until, {now}) >= row.minute)
             GROUP BY row.feature, row.source, row.reason
             ORDER BY row.feature COLLATE "C", row.source COLLATE "C", row.reason COLLATE "C"
             """).ToListAsync(cancellationToken);

    // Article 4 of 2024/2690 counts calendar months back.
    private async Task<IReadOnlyList<decimal?>> EarlierAsync(
        GuardDb db, Incident incident, string? shop, IReadOnlyList<IncidentStep> steps, CancellationToken cancellationToken)
    {
        var since = TimeZoneInfo.ConvertTime(incident.DetectedAt, options.TimeZone).AddMonths(-options.Significance.RecurrenceMonths).ToUniversalTime();
        var earlier = await db.Incidents.Where(each => each.Id != incident.Id && each.DetectedAt >= since && each.DetectedAt <= incident.DetectedAt
            && (shop == null || each.Impacts.Any(impact => impact.Shop == shop))).OrderBy(each => each.Id).ToListAsync(cancellationToken);
        var ids = earlier.ConvertAll(each => each.Id);
        var assessments = (await db.IncidentSteps.Where(step => ids.Contains(step.Incident) && step.Kind == IncidentStep.Assessed && step.Shop == shop)
            .OrderBy(step => step.Id).ToListAsync(cancellationToken)).ToLookup(step => step.Incident, step => step.Assessment);
        var cause = IncidentFile.RootCauseOf(incident, steps.LastOrDefault(step => step.Kind == IncidentStep.Assessed)?.Assessment);
        return [.. from each in earlier
                   let assessment = assessments[each.Id].LastOrDefault()
                   where assessment?.Planned != YesNo.Yes && IncidentFile.RootCauseOf(each, assessment) == cause
                   select assessment?.LossEuro];
    }
}
