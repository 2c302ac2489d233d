using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;

namespace ShopifyLlmGuard.Serving;

/// <summary>Remembers since when each shop's feature serves as it does: one row and one log line per real change.</summary>
public sealed partial class ServingLedger(
    IDbContextFactory<GuardDb> databases, Snapshots snapshots, ServingBoard board, TimeProvider clock, ILogger<ServingLedger> logger)
{
    // The same for all servers, and for nothing else in this database.
    private const long Lock = 0x6775617264; // "guard"

    /// <summary>Reads the newest state and writes a row for every decision that differs from the last recorded one.</summary>
    public async Task RecordAsync(CancellationToken cancellationToken = default)
    {
        await snapshots.RefreshAsync(cancellationToken);
        if (Changes(snapshots.Current).Count == 0)
        {
            return;
        }

        // Two servers may see the same change at once: the second one finds it recorded.
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({Lock})", cancellationToken);
        await snapshots.RefreshAsync(cancellationToken);
        var changes = Changes(snapshots.Current);
        db.ServingChanges.AddRange(changes);
        await db.SaveAndTellAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        changes.ForEach(change => Log.Changed(
            logger, change.Mode == Mode.Live ? LogLevel.Information : LogLevel.Warning, change.Shop, change.Feature, change.Mode, change.Reason ?? "all is well"));
        await snapshots.RefreshAsync(cancellationToken);
    }

    private List<ServingChange> Changes(Snapshot snapshot)
    {
        var now = DatabaseTime.Of(clock);
        return [.. from shop in snapshot.Shops.Keys
                   from feature in Features.All
                   let decision = board.DecideShared(snapshot, shop, feature.Key)
                   let last = snapshot.Serving.GetValueOrDefault(Snapshot.Key(shop, feature.Key))
                   where last is null || last.Mode != decision.Mode || last.Reason != decision.Reason
                   select new ServingChange
                   {
                       Shop = shop,
                       Feature = feature.Key,
                       Mode = decision.Mode,
                       Reason = decision.Reason,
                       Detail = board.Explain(snapshot, shop, feature.Key, decision),
                       At = now,
                   }];
    }

    private static partial class Log
    {
        [LoggerMessage("{Shop} {Feature} now serves {Mode} ({Reason}).")]
        public static partial void Changed(ILogger logger, LogLevel level, string shop, string feature, Mode mode, string reason);
    }
}
