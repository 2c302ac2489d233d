using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Admin.Words;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Admin.Reading;

/// <summary>One line of the list of recent changes.</summary>
/// <param name="At">When.</param>
/// <param name="What">What happened, one sentence.</param>
/// <param name="By">Who, in words.</param>
/// <param name="Reason">Why, in that person's words; null when none was given.</param>
public sealed record ChangeLine(DateTimeOffset At, string What, string By, string? Reason);

/// <summary>The last check of an endpoint.</summary>
public sealed record LastProbe(DateTimeOffset At, bool Good, double Milliseconds, string? Detail, bool IsOwnFault = false);

/// <summary>What the home page reads from the database, beside the state in memory.</summary>
internal sealed record History(
    IReadOnlyList<ChangeLine> Changes, IReadOnlyDictionary<string, LastProbe> Probes, IReadOnlyList<ServingChange> Newest)
{
    /// <summary>What monitoring systems told last.</summary>
    public IReadOnlyList<SignalLine> Signals { get; init; } = [];

    private const int Lines = 12;
    private const string Automatic = "the guard";

    /// <summary>Reads it for one shop. Throws what the database throws.</summary>
    public static async Task<History> ReadAsync(
        IDbContextFactory<GuardDb> databases, string shop, string? self, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        IEnumerable<ChangeLine> changes =
        [
            .. await FlagsAsync(db, shop, self, cancellationToken),
            .. await PinsAsync(db, shop, self, cancellationToken),
            .. await ModesAsync(db, shop, cancellationToken),
            .. await FallbacksAsync(db, shop, self, cancellationToken),
            .. await ReleasesAsync(db, cancellationToken),
        ];
        return new History(
            [.. changes.OrderByDescending(change => change.At).Take(Lines)], await ProbesAsync(db, cancellationToken),
            await NewestAsync(db, shop, cancellationToken))
        {
            Signals = await SignalLine.ReadAsync(db, shop, cancellationToken),
        };
    }

    /// <summary>The state with the moment at which it began, if the ledger knows it already.</summary>
    public ServingState Dated(ServingState state) => state with
    {
        Since = Newest.FirstOrDefault(change =>
            change.Feature == state.Feature.Key && change.Mode == state.Mode && change.Reason == state.Reason)?.At,
    };

    private static async Task<IEnumerable<ChangeLine>> FlagsAsync(GuardDb db, string shop, string? self, CancellationToken cancellationToken) =>
        (await db.FlagChanges.Where(change => change.Shop == shop).OrderByDescending(change => change.At).Take(Lines)
            .ToListAsync(cancellationToken))
        .Select(change => new ChangeLine(
            change.At, $"{Label(change.Feature)} was switched {(change.On ? "on" : "off")}.", ActorWords.Of(change.Actor, self),
            Given(change.Reason)));

    private static async Task<IEnumerable<ChangeLine>> PinsAsync(GuardDb db, string shop, string? self, CancellationToken cancellationToken)
    {
        var pins = await db.Pins.Where(pin => pin.Shop == shop || pin.Shop == null)
            .OrderByDescending(pin => pin.ReleasedAt ?? pin.From).Take(Lines).ToListAsync(cancellationToken);
        return pins.Select(pin => new ChangeLine(
                pin.From, $"{Scope(pin)} was held at {ModeWords.Label(pin.Mode)}.", ActorWords.Of(pin, self), Given(pin.Reason)))
            .Concat(pins.Where(pin => pin.ReleasedAt is not null).Select(pin => new ChangeLine(
                pin.ReleasedAt!.Value, $"{Scope(pin)} was released.", ActorWords.Of(pin.ReleasedBy ?? Automatic, self),
                Given(pin.ReleaseReason))));
    }

    private static string Scope(Pin pin) => $"{Label(pin.Feature)}{(pin.Region is null ? "" : $" in region {pin.Region}")}";

    // Switches and pins tell their own story above.
    private static async Task<IEnumerable<ChangeLine>> ModesAsync(GuardDb db, string shop, CancellationToken cancellationToken) =>
        (await db.ServingChanges
            .Where(change => change.Shop == shop && change.Reason != Reasons.FlagOff && change.Reason != Reasons.Pinned)
            .OrderByDescending(change => change.Id).Take(Lines).ToListAsync(cancellationToken))
        .Select(change => new ChangeLine(
            change.At, $"{Label(change.Feature)} went {(change.Mode == Mode.Live ? "live" : $"to {ModeWords.Label(change.Mode)}")}.",
            Automatic, change.Reason is null ? null : ReasonWords.Why(change.Reason)));

    private static async Task<IReadOnlyList<ServingChange>> NewestAsync(GuardDb db, string shop, CancellationToken cancellationToken) =>
        await db.ServingChanges.Where(change => change.Shop == shop &&
                !db.ServingChanges.Any(later => later.Shop == shop && later.Feature == change.Feature && later.Id > change.Id))
            .ToListAsync(cancellationToken);

    private static async Task<IEnumerable<ChangeLine>> FallbacksAsync(GuardDb db, string shop, string? self, CancellationToken cancellationToken) =>
        (await db.FallbackVersions.Where(version => version.Shop == shop).OrderByDescending(version => version.Id).Take(Lines)
            .Select(version => new { version.SavedAt, version.Author }).ToListAsync(cancellationToken))
        .Select(version => new ChangeLine(version.SavedAt, "The fallback content was saved.", ActorWords.Of(version.Author, self), null));

    // Operators release models for all shops.
    private static async Task<IEnumerable<ChangeLine>> ReleasesAsync(GuardDb db, CancellationToken cancellationToken) =>
        (await db.RolloutChanges.OrderByDescending(change => change.Id).Take(Lines).ToListAsync(cancellationToken))
        .Select(change => new ChangeLine(
            change.At, ReleaseWords.Of(change, Label(change.Feature)), change.Signal is null ? "the operator" : Automatic, Given(change.Reason)));

    private static async Task<IReadOnlyDictionary<string, LastProbe>> ProbesAsync(GuardDb db, CancellationToken cancellationToken) =>
        (await db.ProbeResults.GroupBy(probe => probe.Endpoint).Select(probes => probes.Max(probe => probe.Id))
            .Join(db.ProbeResults, id => id, probe => probe.Id, (_, probe) => probe).ToListAsync(cancellationToken))
        .ToDictionary(probe => probe.Endpoint, probe => new LastProbe(probe.At, probe.Good, probe.Milliseconds, probe.Detail, probe.IsOwnFault));

    private static string Label(string? feature) => feature is null ? "Everything" : Features.Find(feature)?.Label ?? feature;

    private static string? Given(string? reason) => string.IsNullOrWhiteSpace(reason) ? null : reason;
}
