using System.Text.Json;
using ShopifyLlmGuard.Incidents.Signals;

namespace ShopifyLlmGuard.Incidents.Formats;

/// <summary>The guard's own format, for whoever has none: one signal. Its schema is <c>infra/monitoring/guard-incident.schema.json</c>.</summary>
internal static class GuardFormat
{
    public static DeliveryReading Read(JsonElement body, RawDelivery delivery) => new(body.Text("id") is { Length: > 0 } id ? Kept.CodeOrHash(id) : null, [Signal(body, body.Text("key"), null, null, delivery)]);

    /// <summary>Reads a signal whose key and state may stand around it instead, as in a CloudEvent.</summary>
    public static IncidentSignal Signal(JsonElement body, string? key, string? state, DateTimeOffset? at, RawDelivery delivery)
    {
        var identity = key is { Length: > 0 and <= 500 } ? key : throw new UnreadableException("no-key");
        var isResolved = StateOf(body.Text("state") ?? state) == SignalState.Resolved;
        var updatedAt = body.Moment("updatedAt") ?? (isResolved ? body.Moment("endedAt") : null) ?? at ?? delivery.ReceivedAt;
        var labels = Kept.AllowedLabels(body.Part("labels").Pairs(), delivery);
        return new(
            delivery.Source, Kept.CodeOrHash(identity), Kept.Hash(identity), isResolved ? SignalState.Resolved : SignalState.Firing,
            Severities.FirstOf(body.Text("severity"), labels.GetValueOrDefault("severity")),
            Kept.Code(body.Text("code")) ?? labels.GetValueOrDefault("alertname") ?? "incident", labels,
            body.Moment("startedAt") ?? updatedAt, updatedAt, isResolved ? body.Moment("endedAt") ?? updatedAt : null, Kept.Links(body.Texts("links")));
    }

    private static SignalState StateOf(string? word) => word?.ToUpperInvariant() switch
    {
        "FIRING" or "TRIGGERED" or "OPENED" or "CREATED" or "ACTIVATED" => SignalState.Firing,
        "RESOLVED" or "CLOSED" or "RECOVERED" => SignalState.Resolved,
        _ => throw new UnreadableException("no-state"),
    };
}
