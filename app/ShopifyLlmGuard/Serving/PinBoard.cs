using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Serving;

/// <summary>Holds and releases modes. When a call returns, this server decides by it; the others within a notification.</summary>
public sealed class PinBoard(IDbContextFactory<GuardDb> databases, ServingLedger ledger, AuditTrail trail, TimeProvider clock)
{
    /// <summary>Pins a mode. Throws what the database throws; then nothing is pinned.</summary>
    public async Task<Pin> PinAsync(PinRequest request, CancellationToken cancellationToken = default)
    {
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

    private static AuditNote Note(string action, Pin pin, string actor, string reason) => new(
        action, pin.Shop, actor, pin.Feature ?? "every feature", $"{pin.Holder} pin {pin.Id} at {pin.Mode}", reason);
}
