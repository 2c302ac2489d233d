using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Incidents.Rules;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Incidents.Signals;

/// <summary>
/// What must stand after a signal that is not stale: everything that the matching rules ask for while it fires, and nothing afterwards. It
/// follows from the newest signal alone, so that the order in which older ones came leaves no trace. Pure.
/// </summary>
/// <param name="OpenedAt">The moment, by the source, that opened this episode.</param>
/// <param name="Rules">The rules that match.</param>
/// <param name="Pins">What to hold and what to release.</param>
internal sealed record SignalPlan(DateTimeOffset? OpenedAt, string[] Rules, PinChange Pins)
{
    public static SignalPlan Of(IncidentSignal signal, SignalNews news, SignalStanding standing, IReadOnlyList<SignalRule> rules, DateTimeOffset now)
    {
        var openedAt = news == SignalNews.Opens ? DatabaseTime.Of((DateTimeOffset?)signal.UpdatedAt) : standing.OpenedAt;
        var matching = rules.Where(rule => rule.Matches(signal)).ToList();
        var acting = signal.State == SignalState.Firing ? matching : [];
        List<Pin> hold = [.. acting.SelectMany(rule => PinsOf(rule, signal, openedAt!.Value, now))];
        var release = standing.Pins.Except(hold.Select(pin => pin.Id)).ToList();
        return new(
            openedAt, [.. matching.Select(rule => rule.Name)],
            new PinChange(hold, release, signal.Source, $"{signal.TitleCode} {signal.ExternalId} {(acting.Count > 0 ? "changed" : "resolved")}"));
    }

    /// <summary>What was done, in a word.</summary>
    public string Outcome(SignalStanding standing, bool changed) => this switch
    {
        { Pins.Hold: [] } when changed => SignalOutcomes.Released,
        _ when changed => SignalOutcomes.Held,
        { Rules: [] } => SignalOutcomes.Unhandled,
        _ => standing.Outcome == SignalOutcomes.Unhandled ? SignalOutcomes.Unchanged : standing.Outcome,
    };

    private static IEnumerable<Pin> PinsOf(SignalRule rule, IncidentSignal signal, DateTimeOffset openedAt, DateTimeOffset now) =>
        from shop in rule.Shops.IsEmpty ? [null] : rule.Shops.Cast<string?>()
        from feature in rule.Features.IsEmpty ? [null] : rule.Features.Cast<string?>()
        from region in rule.Regions.IsEmpty ? [null] : rule.Regions.Cast<string?>()
        select new Pin(
            IdOf(rule, signal, openedAt, shop, feature, region), shop, feature, rule.Mode, PinHolder.Incident, signal.Source,
            $"{signal.TitleCode} {signal.ExternalId}", now, now + rule.For)
        {
            Region = region,
        };

    private static Guid IdOf(SignalRule rule, IncidentSignal signal, DateTimeOffset openedAt, string? shop, string? feature, string? region)
    {
        string?[] parts =
        [
            signal.Source, signal.DedupKey, openedAt.UtcTicks.ToString(CultureInfo.InvariantCulture), rule.Name, rule.Mode.ToString(), shop, feature,
            .. region is null ? [] : (string?[])[region],
        ];
        var identity = string.Join('\0', parts);
        return new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(identity)).AsSpan(0, 16));
    }
}
