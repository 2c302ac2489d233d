using System.Text.Json;
using ShopifyLlmGuard.Incidents.Signals;

namespace ShopifyLlmGuard.Incidents.Formats;

/// <summary>New Relic's workflow webhook with its default template. The title and its entities are text; its policies and conditions have names.</summary>
internal static class NewRelicFormat
{
    public static DeliveryReading Read(JsonElement body, RawDelivery delivery)
    {
        var id = body.Text("id") ?? throw new UnreadableException("no-id");
        var resolved = (body.Text("state") ?? throw new UnreadableException("no-state")).ToUpperInvariant() is "CLOSED" or "DEACTIVATED";
        var updatedAt = body.Moment("updatedAt") ?? delivery.ReceivedAt;
        var condition = body.Texts("alertConditionNames").FirstOrDefault();
        var labels = Kept.AllowedLabels(Labels(body, condition), delivery);
        return new(null,
        [
            new(
                delivery.Source, Kept.CodeOrHash(id), Kept.Hash(id), resolved ? SignalState.Resolved : SignalState.Firing,
                Severities.Of(body.Text("priority")), Kept.Name(condition) ?? "newrelic-issue", labels,
                body.Moment("createdAt") ?? updatedAt, updatedAt, resolved ? updatedAt : null, Kept.Links(body.Text("issueUrl"))),
        ]);
    }

    private static IEnumerable<(string, string)> Labels(JsonElement body, string? condition)
    {
        (string Name, string? Value)[] labels =
        [
            ("condition", condition), ("policy", body.Texts("alertPolicyNames").FirstOrDefault()), ("priority", body.Text("priority")),
            ("severity", body.Text("priority")), ("type", body.Text("trigger")),
        ];
        return labels.Where(label => label.Value is not null).Select(label => (label.Name, label.Value!));
    }
}
