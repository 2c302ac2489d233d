using ShopifyLlmGuard.Incidents.Formats;
using ShopifyLlmGuard.Incidents.Signals;

namespace ShopifyLlmGuard.Tests.Incidents;

/// <summary>Signals as a format reads them, and a rule that they match.</summary>
internal static class Signals
{
    public static readonly DateTimeOffset Start = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);

    public static (string, string?)[] Rule { get; } =
    [
        ("Incidents:Rules:0:Name", "critical-holds-chat"), ("Incidents:Rules:0:Match:0", "severity=critical"), ("Incidents:Rules:0:Features:0", "chat"),
        ("Incidents:Rules:1:Name", "warning-holds-recommendations"), ("Incidents:Rules:1:Match:0", "severity=~\"warning|critical\""),
        ("Incidents:Rules:1:Match:1", "region!=us"), ("Incidents:Rules:1:Features:0", "recommendations"), ("Incidents:Rules:1:Shops:0", "Carewell.myshopify.com"),
        ("Incidents:Rules:1:Mode", "Off"),
    ];

    public static IncidentSignal Firing(string key, DateTimeOffset? at = null, Severity severity = Severity.Critical, string region = "us") =>
        Of(key, SignalState.Firing, at ?? Start, severity, region);

    public static IncidentSignal Resolved(string key, DateTimeOffset? at = null) => Of(key, SignalState.Resolved, at ?? Start.AddMinutes(1), Severity.Critical, "us");

    public static IncidentSignal Of(string key, SignalState state, DateTimeOffset at, Severity severity, string region) => new(
        IncidentSources.Alertmanager, key, key, state, severity, "GpuGone", new Dictionary<string, string> { ["region"] = region },
        Start, at, state == SignalState.Resolved ? at : null, []);
}
