using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Serving.Bypassing;

/// <summary>Brings decisions about the bypass into the database, from where every server gets them.</summary>
public sealed class BypassStore(IDbContextFactory<GuardDb> databases, Bypass bypass, Snapshots snapshots, ServingLedger ledger)
{
    /// <summary>Stores what waits. Several servers may have heard the same decision: it becomes one row.</summary>
    /// <returns>Whether nothing waits any longer; false when the database did not answer.</returns>
    public async Task<bool> TryStoreAsync(CancellationToken cancellationToken)
    {
        var waiting = bypass.Pending;
        if (waiting.Count == 0)
        {
            return true;
        }

        try
        {
            await InsertAsync(waiting, cancellationToken);
            await snapshots.FollowAsync(SnapshotChanges.In(SnapshotParts.Bypasses), cancellationToken);
            bypass.Stored(waiting);
            await ledger.RecordAsync(cancellationToken);
            return true;
        }
        catch (Exception exception) when (IsAway(exception))
        {
            return false;
        }
    }

    private static bool IsAway(Exception exception) => exception is DbException or DbUpdateException or TimeoutException or InvalidOperationException;

    private async Task InsertAsync(IReadOnlyList<BypassDecision> waiting, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var written = 0;
        foreach (var decision in waiting)
        {
            written += await db.Database.ExecuteSqlAsync(
                $"""
                 INSERT INTO guard.bypass_decisions (id, "on", shop, way, author, reason, at)
                 VALUES ({decision.Id}, {decision.On}, {decision.Shop}, {decision.Way.ToString()}, {decision.Author}, {decision.Reason}, {decision.At})
                 ON CONFLICT (id) DO NOTHING
                 """, cancellationToken);
        }

        if (written > 0)
        {
            await db.SaveAndTellAsync(SnapshotChanges.In(SnapshotParts.Bypasses), cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }
}
