using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;

namespace ShopifyLlmGuard.Serving;

/// <summary>Holds and releases modes. When a call returns, this server decides by it; the others within a notification.</summary>
public sealed class PinBoard(IDbContextFactory<GuardDb> databases, Snapshots snapshots, ServingLedger ledger, AuditTrail trail, TimeProvider clock)
{
    /// <summary>Pins a mode. Throws what the database throws; then nothing is pinned.</summary>
    /// <exception cref="ArgumentException">The request breaks a rule; the message names all that it breaks (<see cref="Mistakes"/>).</exception>
    public async Task<Pin> PinAsync(PinRequest request, CancellationToken cancellationToken = default)
    {
        if (Mistakes(request) is { Count: > 0 } mistakes)
        {
            throw new ArgumentException(string.Join(' ', mistakes), nameof(request));
        }

        var now = DatabaseTime.Of(clock);
        var pin = new Pin(
            Guid.CreateVersion7(now), request.Shop, request.Feature, request.Mode, request.Holder, request.Actor, request.Reason,
            now, request.For is { } time ? now + time : null);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        db.Pins.Add(pin);
        await trail.AppendAsync(db, Note(AuditActions.PinPlaced, pin, pin.Actor, pin.Reason), cancellationToken);
        await db.SaveAndTellAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        await ledger.RecordAsync(cancellationToken);
        return pin;
    }

    /// <summary>Everything that is wrong with a request, in whole sentences; empty when it may be pinned.</summary>
    public IReadOnlyList<string> Mistakes(PinRequest request) => PinRules.Mistakes(request, snapshots.Current.Shops.ContainsKey);

    /// <summary>Releases a pin; the health policy decides again. False when no such pin stood.</summary>
    public async Task<bool> ReleaseAsync(Guid id, string actor, string reason, CancellationToken cancellationToken = default)
    {
        var now = DatabaseTime.Of(clock);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var released = await db.Pins.Where(pin => pin.Id == id && pin.ReleasedAt == null).ExecuteUpdateAsync(
            pin => pin.SetProperty(p => p.ReleasedAt, now).SetProperty(p => p.ReleasedBy, actor).SetProperty(p => p.ReleaseReason, reason),
            cancellationToken);
        if (released == 0)
        {
            return false;
        }

        var row = await db.Pins.AsNoTracking().SingleAsync(pin => pin.Id == id, cancellationToken);
        await trail.AppendAsync(db, Note(AuditActions.PinReleased, row, actor, reason), cancellationToken);
        await db.SaveAndTellAsync(SnapshotChanges.In(SnapshotParts.Pins), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        await ledger.RecordAsync(cancellationToken);
        return true;
    }

    /// <summary>
    /// Holds and releases what a signal asks for, inside the caller's transaction, and tells every server when that commits. A pin whose
    /// id is known is not made again, it only lasts longer; one that somebody else than its source has released stays so. After the commit call <see cref="RecordAsync"/>.
    /// </summary>
    /// <returns>How many pins have changed.</returns>
    internal async Task<int> ChangeAsync(GuardDb db, PinChange change, CancellationToken cancellationToken)
    {
        var changed = await HoldAsync(db, change, cancellationToken) + await ReleaseAsync(db, change, cancellationToken);
        if (changed > 0)
        {
            await db.SaveAndTellAsync(SnapshotChanges.In(SnapshotParts.Pins), cancellationToken);
        }

        return changed;
    }

    /// <summary>Makes what was committed count on this server, and writes which modes changed by it.</summary>
    internal Task RecordAsync(CancellationToken cancellationToken) => ledger.RecordAsync(cancellationToken);

    /// <summary>Whether one of these pins decides a mode on this server now: of a switched-on feature of any shop.</summary>
    internal bool AnyDecides(IReadOnlyCollection<Guid> ids)
    {
        var (snapshot, now) = (snapshots.Current, clock.GetUtcNow());
        var index = new PinIndex(snapshot.Pins);
        return ids.Count > 0 && snapshot.Shops.Keys.Any(shop => Features.All.Any(feature => snapshot.IsOn(shop, feature.Key)
            && ServingPolicy.PinThatDecides(shop, feature.Key, index.Of(shop), now) is { } pin && ids.Contains(pin.Id)));
    }

    private async Task<int> HoldAsync(GuardDb db, PinChange change, CancellationToken cancellationToken)
    {
        var (ids, now) = (change.Hold.Select(pin => pin.Id).ToArray(), DatabaseTime.Of(clock));
        var standing = await db.Pins.Where(pin => ids.Contains(pin.Id) && pin.ReleasedAt == null && (pin.Until == null || pin.Until > now)).Select(pin => pin.Id).ToListAsync(cancellationToken);
        var changed = 0;
        foreach (var pin in change.Hold)
        {
            var rows = await db.Database.ExecuteSqlAsync(
                $"""
                 INSERT INTO guard.pins (id, shop, feature, region, mode, holder, actor, reason, "from", until)
                 VALUES ({pin.Id}, {pin.Shop}, {pin.Feature}, {pin.Region}, {pin.Mode.ToString()}, {pin.Holder.ToString()}, {pin.Actor}, {pin.Reason}, {pin.From}, {pin.Until})
                 ON CONFLICT (id) DO UPDATE SET until = EXCLUDED.until, released_at = NULL, released_by = NULL, release_reason = NULL
                 WHERE (pins.released_at IS NULL AND pins.until < EXCLUDED.until - interval '1 minute') OR pins.released_by = EXCLUDED.actor
                 """, cancellationToken);
            changed += rows;
            if (rows > 0 && !standing.Contains(pin.Id))
            {
                await trail.AppendAsync(db, Note(AuditActions.PinPlaced, pin, pin.Actor, pin.Reason), cancellationToken);
            }
        }

        return changed;
    }

    private async Task<int> ReleaseAsync(GuardDb db, PinChange change, CancellationToken cancellationToken)
    {
        var (now, ids) = (DatabaseTime.Of(clock), change.Release.ToArray());
        var standing = await db.Pins.AsNoTracking().Where(pin => ids.Contains(pin.Id) && pin.ReleasedAt == null).ToListAsync(cancellationToken);
        foreach (var pin in standing)
        {
            await db.Pins.Where(row => row.Id == pin.Id).ExecuteUpdateAsync(
                row => row.SetProperty(p => p.ReleasedAt, now).SetProperty(p => p.ReleasedBy, change.Actor).SetProperty(p => p.ReleaseReason, change.Reason),
                cancellationToken);
            await trail.AppendAsync(db, Note(AuditActions.PinReleased, pin, change.Actor, change.Reason), cancellationToken);
        }

        return standing.Count;
    }

    private static AuditNote Note(string action, Pin pin, string actor, string reason) => new(
        action, pin.Shop, actor, pin.Feature ?? "every feature", $"{pin.Holder} pin {pin.Id} at {pin.Mode}{(pin.Region is null ? "" : $" in region {pin.Region}")}", reason);
}
