using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Serving.Bypassing;

/// <summary>
/// Brings decisions about the bypass into the database, from where every server gets them: each with its audit entry, and each by
/// itself, since one that the database will never take must not hold up those behind it.
/// </summary>
public sealed class BypassStore(IDbContextFactory<GuardDb> databases, Bypass bypass, Snapshots snapshots, ServingLedger ledger, AuditTrail trail)
{
    /// <summary>Stores what waits. Several servers may have heard the same decision: it becomes one row.</summary>
    /// <returns>Whether nothing waits any longer; false when the database did not answer.</returns>
    public async Task<bool> TryStoreAsync(CancellationToken cancellationToken)
    {
        var waiting = bypass.Pending;
        var ahead = snapshots.Current.Bypasses.Select(row => (Row: row, Mended: bypass.Find(row.Id))).Where(one => one.Mended?.At < one.Row.At).ToList();
        try
        {
            List<(BypassDecision Decision, BypassDecision Row)> stored = [];
            foreach (var (_, mended) in ahead)
            {
                await MendAsync(mended!, cancellationToken);
            }

            foreach (var decision in waiting)
            {
                if (await TryStoreAsync(decision, cancellationToken) is { } row)
                {
                    stored.Add((decision, row));
                }
            }

            if (ahead.Count > 0 || stored.Count > 0)
            {
                await snapshots.FollowAsync(SnapshotChanges.In(SnapshotParts.Bypasses), cancellationToken);
                stored.ForEach(one => bypass.Stored(one.Decision, one.Row));
                await ledger.RecordAsync(cancellationToken);
            }

            return true;
        }
        catch (Exception exception) when (exception is DbException or DbUpdateException or TimeoutException or InvalidOperationException)
        {
            return false;
        }
    }

    // What the database has under the decision's id; null when it will never have it.
    private async Task<BypassDecision?> TryStoreAsync(BypassDecision decision, CancellationToken cancellationToken)
    {
        try
        {
            return await StoreAsync(decision, cancellationToken);
        }
        catch (Exception exception) when (IsForGood(exception))
        {
            bypass.Refuse(decision);
            return null;
        }
    }

    // Bad values (22), broken constraints (23) and limits of the program (54); and text that is no Unicode, which never leaves here.
    private static bool IsForGood(Exception exception) => exception.GetBaseException() is ArgumentException
        or PostgresException { IsTransient: false, SqlState: ['2', '2' or '3', ..] or ['5', '4', ..] };

    private async Task<BypassDecision> StoreAsync(BypassDecision decision, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var isNew = await db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO guard.bypass_decisions (id, "on", shop, way, author, reason, at)
             VALUES ({decision.Id}, {decision.On}, {decision.Shop}, {decision.Way.ToString()}, {decision.Author}, {decision.Reason},
                     LEAST({decision.At}, clock_timestamp() + {BypassDecision.FurthestAhead}))
             ON CONFLICT (id) DO NOTHING
             """, cancellationToken) > 0;
        var row = await db.BypassDecisions.AsNoTracking().SingleAsync(one => one.Id == decision.Id, cancellationToken);
        if (isNew)
        {
            await trail.AppendAsync(db, Note(row), cancellationToken);
            await db.SaveAndTellAsync(SnapshotChanges.In(SnapshotParts.Bypasses), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return row;
    }

    // Rows of a clock that ran ahead would be the newest until their time has come. They count as this server has taken the newest
    // of them, in their order: before everything that was decided since.
    private async Task MendAsync(BypassDecision newest, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var mended = await db.Database.ExecuteSqlAsync(
            $"""
             UPDATE guard.bypass_decisions AS row SET at = {newest.At} - ahead.place * interval '1 microsecond' FROM (
               SELECT id, row_number() OVER (ORDER BY at DESC, id DESC) - 1 AS place FROM guard.bypass_decisions
               WHERE shop IS NOT DISTINCT FROM {newest.Shop} AND at > {newest.At + BypassDecision.FurthestAhead}) AS ahead
             WHERE row.id = ahead.id
             """, cancellationToken);
        if (mended > 0)
        {
            await db.SaveAndTellAsync(SnapshotChanges.In(SnapshotParts.Bypasses), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
    }

    private static AuditNote Note(BypassDecision row) => new(
        row.On ? AuditActions.BypassOn : AuditActions.BypassOff, row.Shop, row.Author, row.Shop is null ? "every shop" : "the shop",
        $"by {row.Way.ToString().ToLowerInvariant()}, decided {row.At:yyyy-MM-ddTHH:mm:ss.ffffffZ}", row.Reason);
}
