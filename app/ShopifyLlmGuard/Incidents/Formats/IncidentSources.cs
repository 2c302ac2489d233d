namespace ShopifyLlmGuard.Incidents.Formats;

/// <summary>Who may send signals: the last part of <c>/ops/incidents/{source}</c>.</summary>
public static class IncidentSources
{
    public const string
        Alertmanager = "alertmanager", Grafana = "grafana", PagerDuty = "pagerduty", NewRelic = "newrelic", Datadog = "datadog",
        Opsgenie = "opsgenie", CloudEvents = "cloudevents", Guard = "guard";

    public static IReadOnlyList<string> All { get; } = [Alertmanager, Grafana, PagerDuty, NewRelic, Datadog, Opsgenie, CloudEvents, Guard];
}
