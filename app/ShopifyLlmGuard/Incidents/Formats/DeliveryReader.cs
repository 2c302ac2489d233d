using System.Security.Cryptography;
using System.Text.Json;
using ShopifyLlmGuard.Incidents.Signals;

namespace ShopifyLlmGuard.Incidents.Formats;

/// <summary>A delivery as it came in.</summary>
/// <param name="Source">One of <see cref="IncidentSources"/>.</param>
/// <param name="MediaType">Without parameters, in lower case; empty when none was given.</param>
/// <param name="Header">Reads a request header; null when it is not there.</param>
/// <param name="Body">The raw bytes.</param>
/// <param name="ReceivedAt">When it came.</param>
/// <param name="ExtraLabels">Labels that are kept because a rule names them.</param>
public sealed record RawDelivery(
    string Source, string MediaType, Func<string, string?> Header, ReadOnlyMemory<byte> Body, DateTimeOffset ReceivedAt, IReadOnlySet<string> ExtraLabels)
{
    /// <summary>The time that is signed along with the body, as it is written; null where none is.</summary>
    public string? SignedAt { get; init; }
}

/// <summary>What a delivery says.</summary>
/// <param name="EventId">The source's own id of this delivery, the same when it is repeated; null where it has none.</param>
/// <param name="Signals">What it tells; empty for a test message, or for news that change nothing.</param>
/// <param name="Problem">Why it cannot be read: a code, never a part of the body; null when it could.</param>
public sealed record DeliveryReading(string? EventId, IReadOnlyList<IncidentSignal> Signals, string? Problem = null);

/// <summary>Turns what a source sends into signals. Unknown fields are ignored; free text is not even looked at.</summary>
public static class DeliveryReader
{
    private const int Deepest = 32;
    private const string Json = "application/json";
    private static readonly TimeSpan ClocksDiffer = TimeSpan.FromMinutes(5);

    /// <summary>Whether the source may send this media type.</summary>
    public static bool Knows(string source, string mediaType) =>
        source == IncidentSources.CloudEvents ? CloudEventsFormat.Knows(mediaType) : mediaType == Json;

    public static DeliveryReading Read(RawDelivery delivery)
    {
        try
        {
            using var document = Parse(delivery);
            var reading = Read(document.RootElement, delivery);
            return reading with { EventId = reading.EventId ?? SignedOnce(delivery), Signals = [.. reading.Signals.Select(signal => NotAhead(signal, delivery.ReceivedAt))] };
        }
        catch (UnreadableException unreadable)
        {
            return new(null, [], unreadable.Message);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, or bytes that are no UTF-8: JSON's grammar lets both pass, and no string can hold them.
            return new(null, [], "not-unicode");
        }
    }

    // What was signed with its time was sent once: who plays it again, while the time still counts, plays the same delivery.
    private static string? SignedOnce(RawDelivery delivery) =>
        delivery.SignedAt is { } time ? Kept.Hash(time, Convert.ToHexStringLower(SHA256.HashData(delivery.Body.Span))) : null;

    // A moment far ahead would outdate everything that the source says until then.
    private static IncidentSignal NotAhead(IncidentSignal signal, DateTimeOffset now) =>
        signal.UpdatedAt > now + ClocksDiffer ? signal with { UpdatedAt = now } : signal;

    private static DeliveryReading Read(JsonElement body, RawDelivery delivery) => delivery.Source switch
    {
        IncidentSources.Alertmanager or IncidentSources.Grafana => AlertmanagerFormat.Read(body, delivery),
        IncidentSources.PagerDuty => PagerDutyFormat.Read(body, delivery),
        IncidentSources.NewRelic => NewRelicFormat.Read(body, delivery),
        IncidentSources.Datadog => DatadogFormat.Read(body, delivery),
        IncidentSources.Opsgenie => OpsgenieFormat.Read(body, delivery),
        IncidentSources.CloudEvents => CloudEventsFormat.Read(body, delivery),
        _ => GuardFormat.Read(body, delivery),
    };

    private static JsonDocument Parse(RawDelivery delivery)
    {
        try
        {
            return delivery.Body.IsEmpty && delivery.Source == IncidentSources.CloudEvents
                ? JsonDocument.Parse("{}")
                : JsonDocument.Parse(delivery.Body, new JsonDocumentOptions { MaxDepth = Deepest });
        }
        catch (JsonException exception)
        {
            throw new UnreadableException("not-json", exception);
        }
    }
}
