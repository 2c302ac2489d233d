using System.Text.Json;
using ShopifyLlmGuard.Incidents.Signals;

namespace ShopifyLlmGuard.Incidents.Formats;

/// <summary>
/// Datadog's webhook with the fields that its default payload lacks: <c>alert_cycle_key</c>, which joins a beginning and its end,
/// and <c>alert_transition</c>. The payload to set is in infra/monitoring/README.md.
/// </summary>
internal static class DatadogFormat
{
    public static DeliveryReading Read(JsonElement body, RawDelivery delivery)
    {
        var cycle = body.Text("alert_cycle_key") is { Length: > 0 } key ? key : throw new UnreadableException("no-alert-cycle-key");
        var transition = body.Text("alert_transition") is { Length: > 0 } word ? word : throw new UnreadableException("no-alert-transition");
        var resolved = transition.Equals("Recovered", StringComparison.OrdinalIgnoreCase);
        var updatedAt = body.Moment("last_updated") ?? body.Moment("date") ?? delivery.ReceivedAt;
        var monitor = body.Text("alert_id");
        var labels = Kept.AllowedLabels(
            [.. Tags.Read((body.Text("tags") ?? "").Split(',')), .. Labels(monitor, body.Text("priority"))], delivery);
        var severity = transition.Contains("warn", StringComparison.OrdinalIgnoreCase)
            ? Severity.Warning : Severities.FirstOf(labels.GetValueOrDefault("severity"), body.Text("priority"), body.Text("alert_type"));
        return new(null,
        [
            new(
                delivery.Source, Kept.CodeOrHash(cycle), Kept.Hash(cycle), resolved ? SignalState.Resolved : SignalState.Firing, severity,
                Kept.Code(monitor) is { } number ? $"monitor-{number}" : "datadog-monitor", labels, body.Moment("date") ?? updatedAt, updatedAt,
                resolved ? updatedAt : null, Kept.Links(body.Text("link"))),
        ]);
    }

    private static IEnumerable<(string, string)> Labels(string? monitor, string? priority)
    {
        (string Name, string? Value)[] labels = [("monitor", monitor), ("priority", priority)];
        return labels.Where(label => label.Value is not null).Select(label => (label.Name, label.Value!));
    }
}
