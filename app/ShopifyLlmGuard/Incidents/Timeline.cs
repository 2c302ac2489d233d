using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Incidents.Clocks;
using ShopifyLlmGuard.Releases;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Serving.Bypassing;

namespace ShopifyLlmGuard.Incidents;

/// <summary>Makes a timeline from rows that exist anyway. A merchant sees those of its own shop and those of the endpoints.</summary>
internal static class Timeline
{
    // What led to it happened a moment before it was detected.
    private static readonly TimeSpan Before = TimeSpan.FromMinutes(5);

    public static async Task<IReadOnlyList<TimelineLine>> ReadAsync(
        GuardDb db, Incident incident, string? shop, IReadOnlyList<IncidentStep> steps, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (from, until) = (incident.DetectedAt - Before, incident.EndedAt ?? now);
        var shops = db.IncidentImpacts.Where(impact => impact.Incident == incident.Id && (shop == null || impact.Shop == shop)).Select(impact => impact.Shop);
        IEnumerable<TimelineLine> lines =
        [
            .. steps.Select(Line),
            .. await EndpointsAsync(db, incident, from, until, cancellationToken),
            .. await ModesAsync(db.ServingChanges.Where(change => change.At >= from && change.At <= until && shops.Contains(change.Shop)), cancellationToken),
            .. await PinsAsync(db.Pins.Where(pin => pin.Shop == null || shops.Contains(pin.Shop)), from, until, cancellationToken),
            .. await FlagsAsync(db.FlagChanges.Where(change => change.At >= from && change.At <= until && shops.Contains(change.Shop)), cancellationToken),
            .. await BypassesAsync(
                db.BypassDecisions.Where(decision => decision.At >= from && decision.At <= until && (decision.Shop == null || shops.Contains(decision.Shop))), cancellationToken),
            .. await ReleasesAsync(db.RolloutChanges.Where(change => change.At >= from && change.At <= until), cancellationToken),
        ];
        return [.. lines.OrderBy(line => line.At).ThenBy(line => line.What, StringComparer.Ordinal)];
    }

    private static async Task<IEnumerable<TimelineLine>> EndpointsAsync(
        GuardDb db, Incident incident, DateTimeOffset from, DateTimeOffset until, CancellationToken cancellationToken) =>
        (await db.EndpointChanges.Where(change => incident.Endpoints.Contains(change.Endpoint) && change.At >= from && change.At <= until)
            .ToListAsync(cancellationToken))
        .Select(change => new TimelineLine(change.At, $"Endpoint {change.Endpoint} was found {Word(change.State)}.", Incident.Automatic, change.Detail));

    // A trouble of ten thousand shops is one line, not ten thousand.
    private static async Task<IEnumerable<TimelineLine>> ModesAsync(IQueryable<ServingChange> changes, CancellationToken cancellationToken) =>
        (await changes.GroupBy(change => new { change.At, change.Feature, change.Mode, change.Reason })
            .Select(group => new { group.Key, Shops = group.Count(), Detail = group.Min(change => change.Detail) }).ToListAsync(cancellationToken))
        .Select(row => new TimelineLine(
            row.Key.At, $"{Label(row.Key.Feature)} went to {row.Key.Mode}{(row.Key.Reason is null ? "" : $" ({row.Key.Reason})")} for {(row.Shops == 1 ? "1 shop" : $"{row.Shops} shops")}.",
            Incident.Automatic, row.Detail));

    private static async Task<IEnumerable<TimelineLine>> PinsAsync(
        IQueryable<Pin> pins, DateTimeOffset from, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var near = await pins.Where(pin => pin.From <= until && (pin.ReleasedAt ?? pin.Until ?? until) >= from).ToListAsync(cancellationToken);
        return near.Select(pin => new TimelineLine(pin.From, $"{Scope(pin)} was held at {pin.Mode} ({pin.Holder.ToString().ToLowerInvariant()}).", pin.Actor, Given(pin.Reason)))
            .Concat(near.Where(pin => pin.ReleasedAt <= until).Select(pin => new TimelineLine(
                pin.ReleasedAt!.Value, $"{Scope(pin)} was released.", pin.ReleasedBy ?? Incident.Automatic, Given(pin.ReleaseReason))));
    }

    private static async Task<IEnumerable<TimelineLine>> FlagsAsync(IQueryable<FlagChange> changes, CancellationToken cancellationToken) =>
        (await changes.ToListAsync(cancellationToken)).Select(change => new TimelineLine(
            change.At, $"{Label(change.Feature)} was switched {(change.On ? "on" : "off")}.", change.Actor, Given(change.Reason)));

    private static async Task<IEnumerable<TimelineLine>> BypassesAsync(IQueryable<BypassDecision> decisions, CancellationToken cancellationToken) =>
        (await decisions.AsNoTracking().ToListAsync(cancellationToken)).Select(decision => new TimelineLine(
            decision.At, $"The bypass of {(decision.Shop is null ? "every" : "a")} shop was switched {(decision.On ? "on" : "off")}.", decision.Author,
            Given(decision.Reason)));

    private static async Task<IEnumerable<TimelineLine>> ReleasesAsync(IQueryable<RolloutChange> changes, CancellationToken cancellationToken) =>
        (await changes.AsNoTracking().ToListAsync(cancellationToken)).Select(change => new TimelineLine(
            change.At, $"{Label(change.Feature)}: {Word(change)}.", change.Actor, Given(change.Signal is null ? change.Reason : $"{change.Signal}: {change.Reason}")));

    private static string Word(RolloutChange change) => change.Step switch
    {
        RolloutStep.Promoted => $"release {change.Stable} answers everyone",
        RolloutStep.RolledBack => $"release {change.Stable} answers again",
        _ => $"release {change.Candidate} answers {change.Percent} % of the visitors",
    };

    private static TimelineLine Line(IncidentStep step) => new(step.At, step.Kind switch
    {
        IncidentStep.Detected => "The incident was detected.",
        IncidentStep.Reopened => "The same trouble came back; the incident goes on.",
        IncidentStep.Ended => "The incident ended.",
        IncidentStep.Assessed => "The incident was assessed.",
        IncidentStep.Aware => "A person was aware of the incident.",
        IncidentStep.Decided => $"Decided about {Topics.Label(step.About)}: {(step.Decision == true ? "yes" : "no")}.",
        IncidentStep.Submitted => $"Handed in: {LabelOfReport(step.About)}{(step.Reference is null ? "" : $" (reference {step.Reference})")}.",
        _ => "The file was closed.",
    }, step.Actor, Given(step.Reason));

    private static string LabelOfReport(string? stage) =>
        ClockRules.Reports.FirstOrDefault(report => report.Stage == stage) is { Label: { } label } ? label : stage ?? "a report";

    private static string Scope(Pin pin) => $"{(pin.Feature is null ? "Everything" : Label(pin.Feature))}{(pin.Shop is null ? " of every shop" : "")}{(pin.Region is null ? "" : $" in region {pin.Region}")}";

    private static string Label(string feature) => Flags.Features.Find(feature)?.Label ?? feature;

    private static string Word(EndpointState state) => state switch { EndpointState.Up => "up", EndpointState.Degraded => "degraded", _ => "down" };

    private static string? Given(string? reason) => string.IsNullOrWhiteSpace(reason) ? null : reason;
}
