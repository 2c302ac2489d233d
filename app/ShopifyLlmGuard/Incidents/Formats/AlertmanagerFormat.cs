using System.Text.Json;
using ShopifyLlmGuard.Incidents.Signals;

namespace ShopifyLlmGuard.Incidents.Formats;

/// <summary>
/// Alertmanager's webhook, version 4, and Grafana's, which is the same with more fields. One signal per alert of the group. Neither
/// tells when an alert changed: a firing one speaks of its start, a resolved one of its end. Alertmanager repeats what fires, and a
/// firing alert's <c>endsAt</c> is always zero (dispatch.go, flush), so that two of one start cannot be told apart.
/// </summary>
internal static class AlertmanagerFormat
{
    public static DeliveryReading Read(JsonElement body, RawDelivery delivery)
    {
        var group = body.Text("groupKey") ?? throw new UnreadableException("no-group-key");
        return body.Part("alerts").ValueKind == JsonValueKind.Array
            ? new(null, [.. body.Each("alerts").Select(alert => Signal(alert, group, body, delivery))])
            : throw new UnreadableException("no-alerts");
    }

    private static IncidentSignal Signal(JsonElement alert, string group, JsonElement body, RawDelivery delivery)
    {
        var fingerprint = alert.Text("fingerprint") ?? throw new UnreadableException("no-fingerprint");
        var startedAt = alert.Moment("startsAt") ?? throw new UnreadableException("no-starts-at");
        var labels = Kept.AllowedLabels(alert.Part("labels").Pairs(), delivery);
        var resolved = (alert.Text("status") ?? body.Text("status")) == "resolved";
        var endedAt = resolved ? alert.Moment("endsAt") ?? delivery.ReceivedAt : (DateTimeOffset?)null;
        return new(
            delivery.Source, Kept.CodeOrHash(fingerprint), Kept.Hash(group, fingerprint), resolved ? SignalState.Resolved : SignalState.Firing,
            Severities.FirstOf(labels.GetValueOrDefault("severity"), labels.GetValueOrDefault("priority")),
            labels.GetValueOrDefault("alertname") ?? "alert", labels, startedAt, endedAt ?? startedAt, endedAt,
            Kept.Links(body.Text("externalURL"), alert.Text("dashboardURL"), alert.Text("panelURL"), alert.Text("generatorURL")));
    }
}
