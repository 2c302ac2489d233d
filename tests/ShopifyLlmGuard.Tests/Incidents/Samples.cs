using System.Globalization;
using ShopifyLlmGuard.Incidents.Formats;

namespace ShopifyLlmGuard.Tests.Incidents;

/// <summary>
/// What each source sends, field for field as its documentation and its code say, with one word in every field that is free text.
/// </summary>
internal static class Samples
{
    /// <summary>Something that a patient has said; it must be found nowhere.</summary>
    public const string Word = "Zanzibarfieber";

    private const string Text = $"Ms Example, 44, asks about {Word}";

    public static IEnumerable<Sent> All(string key, bool firing, DateTimeOffset at) =>
    [
        Alertmanager(key, firing, at), Grafana(key, firing, at), PagerDuty(key, firing, at), NewRelic(key, firing, at), Datadog(key, firing, at),
        Opsgenie(key, firing, at), CloudEvent(key, firing, at), Guard(key, firing, at),
    ];

    public static Sent Of(string source, string key, bool firing, DateTimeOffset at) => All(key, firing, at).Single(sent => sent.Source == source);

    public static Sent Alertmanager(string key, bool firing, DateTimeOffset at, DateTimeOffset? began = null) => new(IncidentSources.Alertmanager,
        $$$"""
        {"version":"4","groupKey":"{}:{alertname=\"{{{Text}}}\"}","truncatedAlerts":0,"status":"{{{State(firing)}}}","receiver":"guard","notification_reason":"new",
         "groupLabels":{"alertname":"GpuGone"},"commonLabels":{"alertname":"GpuGone"},"commonAnnotations":{"summary":"{{{Text}}}"},
         "externalURL":"http://alertmanager:9093/?{{{Word}}}","alerts":[{{{Alert(key, firing, at, began)}}}]}
        """);

    public static Sent Grafana(string key, bool firing, DateTimeOffset at) => new(IncidentSources.Grafana,
        $$$"""
        {"version":"1","groupKey":"{}/{{{Word}}}","truncatedAlerts":0,"status":"{{{State(firing)}}}","receiver":"guard","orgId":1,"title":"{{{Text}}}",
         "state":"{{{(firing ? "alerting" : "ok")}}}","message":"{{{Text}}}","appVersion":"12","groupLabels":{},"commonLabels":{},
         "commonAnnotations":{"description":"{{{Text}}}"},"externalURL":"https://grafana.example/","alerts":[{{{Alert(key, firing, at)}}}]}
        """);

    public static Sent PagerDuty(string key, bool firing, DateTimeOffset at, string? kind = null, string? eventId = null) => new(IncidentSources.PagerDuty,
        $$$"""
        {"event":{"id":"{{{eventId ?? $"01{key}{at.Ticks}{State(firing)}"}}}","event_type":"{{{kind ?? (firing ? "incident.triggered" : "incident.resolved")}}}","resource_type":"incident",
         "occurred_at":"{{{Iso(at)}}}","agent":{"summary":"{{{Text}}}"},"client":{"name":"{{{Text}}}"},
         "data":{"id":"{{{key}}}","type":"incident","self":"https://api.pagerduty.com/incidents/{{{key}}}","html_url":"https://acme.pagerduty.com/incidents/{{{key}}}?q={{{Word}}}",
         "number":2,"status":"{{{(firing ? "triggered" : "resolved")}}}","incident_key":"{{{Text}}}","created_at":"{{{Iso(at)}}}","title":"{{{Text}}}",
         "service":{"id":"PSERVICE","summary":"{{{Text}}}","type":"service_reference"},"assignees":[{"id":"PUSER","summary":"{{{Text}}}"}],
         "escalation_policy":{"id":"PPOLICY","summary":"{{{Text}}}"},"teams":[{"id":"PTEAM","summary":"{{{Text}}}"}],
         "priority":{"id":"PPRIO","summary":"P1"},"urgency":"high","conference_bridge":null,"resolve_reason":null} } }
        """);

    public static Sent NewRelic(string key, bool firing, DateTimeOffset at) => new(IncidentSources.NewRelic,
        $$$"""
        {"id":"{{{key}}}","issueUrl":"https://radar-api.service.newrelic.com/issues/{{{key}}}?{{{Word}}}","title":"{{{Text}}}","priority":"CRITICAL","impactedEntities":["{{{Text}}}"],
         "totalIncidents":1,"state":"{{{(firing ? "ACTIVATED" : "CLOSED")}}}","trigger":"STATE_CHANGE","isCorrelated":false,"createdAt":{{{Milliseconds(at)}}},"updatedAt":{{{Milliseconds(at)}}},
         "sources":["newrelic"],"alertPolicyNames":["Model hosts"],"alertConditionNames":["GPU gone"],"workflowName":"{{{Text}}}"}
        """);

    public static Sent Datadog(string key, bool firing, DateTimeOffset at) => new(IncidentSources.Datadog,
        $$$"""
        {"body":"{{{Text}}}","last_updated":"{{{Milliseconds(at)}}}","event_type":"query_alert_monitor","title":"{{{Text}}}","date":"{{{Milliseconds(at)}}}","org":{"id":"1","name":"{{{Text}}}"},
         "id":"7","alert_id":"1234","alert_transition":"{{{(firing ? "Triggered" : "Recovered")}}}","alert_cycle_key":"{{{key}}}","aggreg_key":"{{{Text}}}",
         "tags":"region:eu-central, monitor, team:ml, patient:{{{Word}}}, service:{{{Text}}}","priority":"P1","link":"https://app.datadoghq.eu/monitors/1234?q={{{Word}}}"}
        """);

    public static Sent Opsgenie(string key, bool firing, DateTimeOffset at) => new(IncidentSources.Opsgenie,
        $$$"""
        {"action":"{{{(firing ? "Create" : "Close")}}}","alert":{"alertId":"{{{key}}}","message":"{{{Text}}}","tags":["region:eu-central","{{{Word}}}"],"tinyId":"23","alias":"{{{Text}}} {{{key}}}",
         "entity":"{{{Text}}}","description":"{{{Text}}}","source":"{{{Text}}}","username":"{{{Text}}}","userId":"u","teams":["t"],"details":{"note":"{{{Text}}}"},
         "createdAt":{{{Milliseconds(at)}}},"updatedAt":{{{Milliseconds(at)}}}000000,"priority":"P1"},
         "source":{"name":"{{{Text}}}","type":"web"},"integrationId":"i","integrationName":"{{{Text}}}","integrationType":"Webhook","alertFlowContext":{"requestId":"{{{Text}}}"}}
        """);

    public static Sent CloudEvent(string key, bool firing, DateTimeOffset at) => new(IncidentSources.CloudEvents,
        $$$"""
        {"specversion":"1.0","id":"{{{key}}}-{{{at.Ticks}}}-{{{State(firing)}}}","source":"/hosts/{{{Word}}}","type":"com.example.gpu.{{{State(firing)}}}","subject":"{{{key}}}","time":"{{{Iso(at)}}}",
         "datacontenttype":"application/json","note":"{{{Text}}}","data":{"severity":"critical","labels":{"region":"eu-central","note":"{{{Text}}}"},"message":"{{{Text}}}"}}
        """, "application/cloudevents+json; charset=utf-8");

    public static Sent Guard(string key, bool firing, DateTimeOffset at) => new(IncidentSources.Guard,
        $$$"""
        {"key":"{{{key}}}","state":"{{{State(firing)}}}","severity":"critical","code":"gpu-gone","labels":{"region":"eu-central","team":"{{{Text}}}"},"updatedAt":"{{{Iso(at)}}}",
         "links":["https://runbooks.example/gpu?{{{Word}}}"],"message":"{{{Text}}}"}
        """);

    private static string Alert(string key, bool firing, DateTimeOffset at, DateTimeOffset? began = null) =>
        $$$"""
        {"status":"{{{State(firing)}}}","labels":{"alertname":"Gpu gone","severity":"critical","region":"eu-central","patient":"{{{Word}}}","team":"{{{Text}}}"},
         "annotations":{"summary":"{{{Text}}}","description":"{{{Text}}}"},"startsAt":"{{{Iso(firing ? at : began ?? at.AddSeconds(-1))}}}","endsAt":"{{{(firing ? "0001-01-01T00:00:00Z" : Iso(at))}}}",
         "generatorURL":"http://prometheus:9090/graph?g0.expr={{{Word}}}","fingerprint":"{{{key}}}","silenceURL":"https://grafana.example/?{{{Word}}}",
         "dashboardURL":"","panelURL":"","ruleUID":"r","values":{"A":1},"valueString":"{{{Text}}}","imageURL":"","orgId":1,"enrichments":{"note":"{{{Text}}}"}}
        """;

    private static string State(bool firing) => firing ? "firing" : "resolved";

    private static string Iso(DateTimeOffset at) => at.ToString("O", CultureInfo.InvariantCulture);

    private static string Milliseconds(DateTimeOffset at) => at.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
}
