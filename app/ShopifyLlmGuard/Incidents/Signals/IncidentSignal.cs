using System.Text.Json.Serialization;

namespace ShopifyLlmGuard.Incidents.Signals;

/// <summary>Whether what a signal tells of goes on.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SignalState>))]
public enum SignalState
{
    Firing,
    Resolved,
}

/// <summary>How bad the source says it is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Severity>))]
public enum Severity
{
    Unknown,
    Info,
    Warning,
    Error,
    Critical,
}

/// <summary>
/// What a monitoring system said about one thing, in the guard's own words: codes, labels that are allowed, times and links. Never
/// free text, because that may hold a patient's words.
/// </summary>
/// <param name="Source">One of <see cref="Formats.IncidentSources"/>.</param>
/// <param name="ExternalId">What the source calls it, for a human who looks there.</param>
/// <param name="DedupKey">What the source uses to tell one thing from another; a hash, since the original may hold text.</param>
/// <param name="State">Firing or resolved.</param>
/// <param name="Severity">How bad.</param>
/// <param name="TitleCode">What kind of thing, as a code.</param>
/// <param name="Labels">The labels that are allowed, by name.</param>
/// <param name="StartedAt">When it began, as the source knows it.</param>
/// <param name="UpdatedAt">The moment that this signal speaks of, by the source's clock: later signals outdate earlier ones.</param>
/// <param name="EndedAt">When it ended; null while it fires.</param>
/// <param name="Links">Where to look, without queries.</param>
public sealed record IncidentSignal(
    string Source, string ExternalId, string DedupKey, SignalState State, Severity Severity, string TitleCode,
    IReadOnlyDictionary<string, string> Labels, DateTimeOffset StartedAt, DateTimeOffset UpdatedAt, DateTimeOffset? EndedAt,
    IReadOnlyList<string> Links);
