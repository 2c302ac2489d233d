using System.Text.Json;
using ShopifyLlmGuard.Incidents.Signals;

namespace ShopifyLlmGuard.Incidents.Formats;

/// <summary>
/// Opsgenie's webhook. Only some actions change what is: a note on a closed alert must not look like a new alert. Its times are in
/// milliseconds and nanoseconds, in one body.
/// </summary>
internal static class OpsgenieFormat
{
    public static DeliveryReading Read(JsonElement body, RawDelivery delivery)
    {
        var state = (body.Text("action") ?? throw new UnreadableException("no-action")) switch
        {
            "Create" or "Acknowledge" or "UnAcknowledge" => SignalState.Firing,
            "Close" or "Delete" => SignalState.Resolved,
            _ => (SignalState?)null,
        };
        return new(null, state is null ? [] : [Signal(body.Part("alert"), state.Value, delivery)]);
    }

    private static IncidentSignal Signal(JsonElement alert, SignalState state, RawDelivery delivery)
    {
        var id = alert.Text("alertId") ?? throw new UnreadableException("no-alert-id");
        var alias = alert.Text("alias") is { Length: > 0 } given ? given : id;
        var updatedAt = alert.Moment("updatedAt") ?? delivery.ReceivedAt;
        var priority = alert.Text("priority");
        var labels = Kept.AllowedLabels(
            [.. Tags.Read(alert.Texts("tags")), .. alert.Part("details").Pairs(), ("priority", priority ?? "")], delivery);
        return new(
            delivery.Source, Kept.CodeOrHash(id), Kept.Hash(alias), state, Severities.FirstOf(labels.GetValueOrDefault("severity"), priority),
            labels.GetValueOrDefault("alertname") ?? "opsgenie-alert", labels, alert.Moment("createdAt") ?? updatedAt, updatedAt,
            state == SignalState.Resolved ? updatedAt : null, []);
    }
}
