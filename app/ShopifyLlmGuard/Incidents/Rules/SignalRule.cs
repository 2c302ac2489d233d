using System.Collections.Immutable;
using ShopifyLlmGuard.Incidents.Signals;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Incidents.Rules;

/// <summary>What is to be done while a signal fires that matches. Section <c>Incidents:Rules</c>.</summary>
/// <param name="Name">Names the rule in pins and pages.</param>
/// <param name="Match">All of them must match. Beside the labels (<c>region</c> is one) there are <c>source</c>, <c>severity</c> and <c>code</c>.</param>
/// <param name="Mode">Fallback or off: no alert can make a feature live.</param>
/// <param name="Features">The features that are held; empty holds every feature.</param>
/// <param name="Shops">The shops where they are held; empty holds every shop.</param>
/// <param name="For">When the hold ends by itself, counted from the last signal that says it still fires.</param>
internal sealed record SignalRule(
    string Name, ImmutableArray<Matcher> Match, Mode Mode, ImmutableArray<string> Features, ImmutableArray<string> Shops,
    TimeSpan For)
{
    /// <summary>The regions whose endpoints these features do without in these shops; empty holds the features themselves.</summary>
    public ImmutableArray<string> Regions { get; init; } = [];

    /// <summary>Longer than Alertmanager's and Grafana's default pause of four hours before they repeat an alert.</summary>
    public static readonly TimeSpan DefaultFor = TimeSpan.FromHours(6);

    public bool Matches(IncidentSignal signal) => Match.All(matcher => matcher.Matches(label => label switch
    {
        "source" => signal.Source,
        "severity" => signal.Severity.ToString().ToLowerInvariant(),
        "code" => signal.TitleCode,
        _ => signal.Labels.GetValueOrDefault(label, ""),
    }));
}
