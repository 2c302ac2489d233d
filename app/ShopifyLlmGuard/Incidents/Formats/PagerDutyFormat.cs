using System.Text.Json;
using ShopifyLlmGuard.Incidents.Signals;

namespace ShopifyLlmGuard.Incidents.Formats;

/// <summary>
/// PagerDuty's webhook, version 3. Every event about an incident tells its state; what is about notes, responders or status updates,
/// and the test message, tells nothing here. Titles and service names are text: rules match the ids of services, teams and policies.
/// </summary>
internal static class PagerDutyFormat
{
    public static DeliveryReading Read(JsonElement body, RawDelivery delivery)
    {
        var news = body.Part("event");
        var id = news.Text("id") ?? throw new UnreadableException("no-event-id");
        var incident = news.Part("data");
        return news.Text("resource_type") == "incident" && incident.Text("type") == "incident"
            ? new(Kept.CodeOrHash(id), [Signal(news, incident, delivery)])
            : new(Kept.CodeOrHash(id), []);
    }

    private static IncidentSignal Signal(JsonElement news, JsonElement incident, RawDelivery delivery)
    {
        var id = incident.Text("id") ?? throw new UnreadableException("no-incident-id");
        var at = news.Moment("occurred_at") ?? throw new UnreadableException("no-occurred-at");
        var kind = news.Text("event_type");
        var resolved = (incident.Text("status") ?? (kind == "incident.resolved" ? "resolved" : null)) == "resolved";
        var priority = incident.Part("priority").Text("summary");
        var labels = Kept.AllowedLabels(Labels(incident, priority, kind), delivery);
        return new(
            delivery.Source, Kept.CodeOrHash(id), Kept.Hash(id), resolved ? SignalState.Resolved : SignalState.Firing,
            Severities.FirstOf(priority, incident.Text("urgency")), "pagerduty-incident", labels,
            incident.Moment("created_at") ?? at, at, resolved ? at : null, Kept.Links(incident.Text("html_url")));
    }

    private static IEnumerable<(string, string)> Labels(JsonElement incident, string? priority, string? kind)
    {
        (string Name, string? Value)[] labels =
        [
            ("service", incident.Part("service").Text("id")), ("policy", incident.Part("escalation_policy").Text("id")),
            ("team", incident.Each("teams").FirstOrDefault().Text("id")), ("priority", priority), ("severity", incident.Text("urgency")), ("type", kind),
        ];
        return labels.Where(label => label.Value is not null).Select(label => (label.Name, label.Value!));
    }
}
