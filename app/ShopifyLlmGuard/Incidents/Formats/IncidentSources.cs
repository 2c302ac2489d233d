namespace ShopifyLlmGuard.Incidents.Formats;

/// <summary>Who may send signals: the last part of <c>/ops/incidents/{source}</c>.</summary>
public static class IncidentSources
{
    public const string
        Alertmanager = "alertmanager", Grafana = "grafana", PagerDuty = "pagerduty", NewRelic = "newrelic", Datadog = "datadog",
        Opsgenie = "opsgenie", CloudEvents = "cloudevents", Guard = "guard";

    public static IReadOnlyList<string> All { get; } = [Alertmanager, Grafana, PagerDuty, NewRelic, Datadog, Opsgenie, CloudEvents, Guard];

    /// <summary>Whether a message of it tells how an alert is, and not when it became so.</summary>
    public static bool TellsOnlyItsState(string source) => source is Alertmanager or Grafana;
}
