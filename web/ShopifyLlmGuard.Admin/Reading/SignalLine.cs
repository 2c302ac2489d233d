using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Admin.Words;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Incidents.Signals;

namespace ShopifyLlmGuard.Admin.Reading;

/// <summary>One line of the list of what monitoring systems told.</summary>
/// <param name="At">When it came, or when it last changed something.</param>
/// <param name="What">Source, code and severity.</param>
/// <param name="Fires">Whether it goes on.</param>
/// <param name="Rules">The rules that match, by name; empty when nobody has said what to do.</param>
/// <param name="Outcome">What was done, one sentence.</param>
public sealed record SignalLine(DateTimeOffset At, string What, bool Fires, string Rules, string Outcome)
{
    private const int Lines = 20;

    /// <summary>Reads what concerns this shop: what held something in it or in every shop, and what was not handled at all.</summary>
    internal static async Task<IReadOnlyList<SignalLine>> ReadAsync(GuardDb db, string shop, CancellationToken cancellationToken)
    {
        var standings = await db.SignalStandings
            .Where(standing => standing.Rules.Length == 0 || standing.Pins.Length == 0
                || db.Pins.Any(pin => standing.Pins.Contains(pin.Id) && (pin.Shop == null || pin.Shop == shop)))
            .OrderByDescending(standing => standing.ActedAt).Take(Lines).ToListAsync(cancellationToken);
        return [.. standings.Select(Of)];
    }

    private static SignalLine Of(SignalStanding standing) => new(
        standing.ActedAt, $"{standing.Source}: {standing.Signal.TitleCode} ({standing.Signal.Severity.ToString().ToLowerInvariant()})",
        standing.Signal.State == SignalState.Firing, string.Join(", ", standing.Rules), SignalWords.Of(standing.Outcome));
}
