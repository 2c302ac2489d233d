using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Incidents.Falls;

/// <summary>
/// The incidents that go on, or did lately, and what one change of a mode after the other does to them. An incident ends when all
/// its features are live again, or somebody wants them not to be. No I/O.
/// </summary>
/// <param name="known">Incidents that have not ended, or ended lately, with their impacts.</param>
/// <param name="options">What belongs together.</param>
/// <param name="recordedAt">The present.</param>
internal sealed class IncidentBook(IReadOnlyList<Incident> known, IncidentOptions options, DateTimeOffset recordedAt)
{
    private readonly List<Incident> incidents = [.. known];
    private readonly Dictionary<(string Shop, string Feature), IncidentImpact> open = known
        .Where(incident => incident.Cause != Incident.ByHand).SelectMany(incident => incident.Impacts)
        .Where(impact => impact.Until is null).GroupBy(impact => (impact.Shop, impact.Feature)).ToDictionary(group => group.Key, group => group.Last());

    /// <summary>Incidents that were not known before.</summary>
    public List<Incident> Opened { get; } = [];

    public List<Incident> Reopened { get; } = [];
    public List<Incident> Ended { get; } = [];

    /// <summary>What is not live now because of trouble.</summary>
    public IReadOnlyList<IncidentImpact> Open => [.. open.Values];

    /// <summary>Whether the feature is in an incident now.</summary>
    public bool IsOpen(string shop, string feature) => open.ContainsKey((shop, feature));

    /// <summary>A feature is live again, or nobody wants it to be.</summary>
    public void Recover(string shop, string feature, DateTimeOffset at)
    {
        if (open.Remove((shop, feature), out var impact))
        {
            impact.Until = at;
        }
    }

    public void Add(Fall fall)
    {
        var incident = Correlation.Find(fall, incidents, options) ?? OpenWith(fall);
        if (incident.EndedAt is not null)
        {
            incident.EndedAt = null;
            incident.Steps.Add(Step(IncidentStep.Reopened, fall.Change.At, fall.Change.Detail));
            Reopened.Add(incident);
        }

        incident.Endpoints = [.. incident.Endpoints.Union(fall.Endpoints).Order(StringComparer.Ordinal)];
        incident.Regions = [.. incident.Regions.Union(fall.Regions).Order(StringComparer.Ordinal)];
        incident.Marks = [.. incident.Marks.Union(fall.Marks).Order(StringComparer.Ordinal)];
        var impact = new IncidentImpact { Shop = fall.Change.Shop, Feature = fall.Change.Feature, Reason = fall.Change.Reason!, From = fall.Change.At };
        incident.Impacts.Add(impact);
        open[(impact.Shop, impact.Feature)] = impact;
    }

    /// <summary>Ends what has nothing left that is not live.</summary>
    public void End()
    {
        foreach (var incident in incidents.Where(each =>
            each.Cause != Incident.ByHand && each.EndedAt is null && each.Impacts.All(impact => impact.Until is not null)))
        {
            incident.EndedAt = incident.Impacts.Max(impact => impact.Until) ?? recordedAt;
            incident.Steps.Add(Step(IncidentStep.Ended, incident.EndedAt.Value, "Every affected feature is live again, switched off, or held on purpose."));
            Ended.Add(incident);
        }
    }

    private Incident OpenWith(Fall fall)
    {
        var incident = new Incident
        {
            Cause = fall.Change.Reason!, Title = TitleOf(fall), DetectedAt = fall.Change.At, DetectedBy = Incident.Automatic,
        };
        incident.Steps.Add(Step(IncidentStep.Detected, fall.Change.At, fall.Change.Detail));
        incidents.Add(incident);
        Opened.Add(incident);
        return incident;
    }

    private static string TitleOf(Fall fall) => fall.Change.Reason switch
    {
        Reasons.Degraded => $"Models answer too slowly or fail too often{Where(fall)}",
        Reasons.Pinned => "An alert holds AI features on prepared content",
        _ => $"No usable model answers{Where(fall)}",
    };

    private static string Where(Fall fall) => fall.Regions.Count == 0 ? "" : $" in {string.Join(", ", fall.Regions)}";

    private IncidentStep Step(string kind, DateTimeOffset at, string? reason) => new()
    {
        Kind = kind, At = at, RecordedAt = recordedAt, Actor = Incident.Automatic, Reason = reason,
    };
}
