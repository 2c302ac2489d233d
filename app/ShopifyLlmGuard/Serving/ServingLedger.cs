using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;

namespace ShopifyLlmGuard.Serving;

/// <summary>
/// Remembers since when each shop's feature serves as it does: one row per real change, and a shop whose mode changed goes into
/// the outbox with it. No answer waits for this: the servers decide from their snapshots, and the ledger follows.
/// </summary>
public sealed partial class ServingLedger(
    IDbContextFactory<GuardDb> databases, Snapshots snapshots, ServingBoard board, TimeProvider clock, ILogger<ServingLedger> logger) : IDisposable
{
    // What concerns a few shops is written before the call returns; what concerns all of them a moment later.
    private const int Few = 50;

    // One statement's worth; the lock is free in between.
    private const int Many = 5_000;

    // The same for all servers, and for nothing else in this database.
    private const long Lock = 0x6775617264; // "guard"

    private static readonly TimeSpan TrustOwnMemory = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim oneAtATime = new(1, 1);
    private readonly Dictionary<(string Shop, string Feature), Decision> recorded = [];
    private long rememberedSince = clock.GetTimestamp();

    /// <summary>Raised when there is more to record than a call should wait for.</summary>
    internal event Action? IsBehind;

    /// <summary>Raised after shops went into the outbox.</summary>
    public event Action? OutboxFilled;

    /// <summary>
    /// Reads the newest state and writes a row for every decision that differs from the last recorded one; many of them are
    /// written soon after. What the database does not take now is made up for later, since the change itself already stands.
    /// </summary>
    public async Task RecordAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await snapshots.RefreshAsync(cancellationToken);
            await oneAtATime.WaitAsync(cancellationToken);
            try
            {
                if (Changes(snapshots.Current, Few + 1).Count <= Few)
                {
                    await WriteAsync(Few, cancellationToken);
                    return;
                }
            }
            finally
            {
                oneAtATime.Release();
            }
        }
        catch (Exception exception) when (exception is DbException or DbUpdateException or TimeoutException or InvalidOperationException)
        {
            Log.Late(logger, exception.GetBaseException().GetType().Name);
        }

        IsBehind?.Invoke();
    }

    public void Dispose() => oneAtATime.Dispose();

    /// <summary>Writes everything that is not recorded yet. Throws what the database throws.</summary>
    internal async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        await oneAtATime.WaitAsync(cancellationToken);
        try
        {
            Forget();
            while (await WriteAsync(Many, cancellationToken) == Many)
            {
                // There may be more.
            }
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    private async Task<int> WriteAsync(int limit, CancellationToken cancellationToken)
    {
        if (Changes(snapshots.Current, 1).Count == 0)
        {
            return 0;
        }

        // Two servers may see the same change at once: the second one finds it recorded, and must not record what is no longer true.
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({Lock})", cancellationToken);
        await snapshots.RefreshAsync(cancellationToken);
        var changes = Changes(snapshots.Current, limit);
        var written = await LedgerRows.WriteAsync(db, changes, isBulk: changes.Count > Few, DatabaseTime.Of(clock), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        changes.ForEach(change => recorded[(change.Shop, change.Feature)] = change.Decision);
        Tell(written);
        return changes.Count;
    }

    private List<LedgerChange> Changes(Snapshot snapshot, int limit) =>
        [.. (from shop in snapshot.Shops.Keys
             from feature in Features.All
             let decision = board.DecideShared(snapshot, shop, feature.Key)
             where recorded.GetValueOrDefault((shop, feature.Key)) != decision
             select new LedgerChange(shop, feature.Key, decision, board.Explain(snapshot, shop, feature.Key, decision))).Take(limit)];

    // Another server may have recorded something else in the meantime; asking the database about everything costs little.
    private void Forget()
    {
        if (clock.GetElapsedTime(rememberedSince) > TrustOwnMemory || recorded.Count > snapshots.Current.Shops.Count * Features.All.Count)
        {
            rememberedSince = clock.GetTimestamp();
            recorded.Clear();
        }
    }

    private void Tell(IReadOnlyList<LedgerChange> written)
    {
        foreach (var same in written.GroupBy(change => (change.Feature, change.Decision)))
        {
            var shops = same.Count() <= Few ? string.Join(", ", same.Select(change => change.Shop)) : $"{same.Count()} shops";
            Log.Changed(
                logger, same.Key.Decision.Mode == Mode.Live ? LogLevel.Information : LogLevel.Warning, shops, same.Key.Feature,
                same.Key.Decision.Mode, same.Key.Decision.Reason ?? "all is well");
        }

        if (written.Count > 0)
        {
            OutboxFilled?.Invoke();
        }
    }

    private static partial class Log
    {
        [LoggerMessage("{Shops} {Feature} now serves {Mode} ({Reason}).")]
        public static partial void Changed(ILogger logger, LogLevel level, string shops, string feature, Mode mode, string reason);

        [LoggerMessage(LogLevel.Debug, "The ledger is written later ({Problem}).")]
        public static partial void Late(ILogger logger, string problem);
    }
}
