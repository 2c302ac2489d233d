using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Incidents.Falls;

/// <summary>A feature stopped being live because of trouble.</summary>
/// <param name="Change">The recorded change.</param>
/// <param name="Endpoints">The endpoints that the shop may use and that were in trouble then.</param>
/// <param name="Regions">Where they run.</param>
/// <param name="Marks">What the same trouble is recognised by elsewhere and later.</param>
internal sealed record Fall(
    ServingChange Change, IReadOnlyList<string> Endpoints, IReadOnlyList<string> Regions, IReadOnlyList<string> Marks);

/// <summary>Which incident a fall belongs to: one incident for one trouble. Pure.</summary>
internal static class Correlation
{
    /// <summary>The incident; null when this is a new one.</summary>
    public static Incident? Find(Fall fall, IEnumerable<Incident> known, IncidentOptions options) => known
        .Where(incident => incident.Cause != Incident.ByHand && incident.ClosedAt is null && IsSame(fall, incident, options))
        .OrderBy(incident => incident.EndedAt is not null).ThenByDescending(incident => incident.DetectedAt).FirstOrDefault();

    private static bool IsSame(Fall fall, Incident incident, IncidentOptions options)
    {
        var shares = fall.Marks.Any(incident.Marks.Contains);
        if (incident.EndedAt is { } ended)
        {
            return shares && fall.Change.At - ended <= options.ReopenWithin;
        }

        // Without an endpoint to tell by, the same cause at the same time is the same trouble.
        var isUnmarked = fall.Marks.Count == 0 || incident.Marks.Count == 0;
        return shares || (isUnmarked && incident.Cause == fall.Change.Reason && fall.Change.At - incident.DetectedAt <= options.JoinWithin);
    }
}
