using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Serving;

/// <summary>
/// Which shops Shopify may hold something old for. A shop stands in it once, however much changes: what goes out is what is true
/// then. Whoever works on a shop has claimed it for a while, so its calls stay in order; a claim whose server died runs out.
/// </summary>
public sealed class Outbox(IDbContextFactory<GuardDb> databases, Snapshots snapshots)
{
    private static readonly TimeSpan Claim = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Takes shops that are due, a shop's own change before one that concerns very many. Afterwards this server's snapshot is at
    /// least as new as what put them there: else it might publish the old state and forget the new one.
    /// </summary>
    /// <param name="most">How many at most.</param>
    /// <param name="ownOnly">Leaves alone what concerns very many shops at once.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<OutboxRow>> ClaimAsync(int most, bool ownOnly, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var claimed = await db.Outbox.FromSql(
            $"""
             UPDATE guard.outbox AS waiting SET claimed_until = clock_timestamp() + {Claim} FROM (
               SELECT shop FROM guard.outbox
               WHERE due_at <= clock_timestamp() AND (claimed_until IS NULL OR claimed_until < clock_timestamp()) AND NOT (bulk AND {ownOnly})
               ORDER BY bulk, due_at LIMIT {most} FOR UPDATE SKIP LOCKED) AS due
             WHERE waiting.shop = due.shop RETURNING waiting.*
             """).AsNoTracking().ToListAsync(cancellationToken);
        if (claimed.Count > 0)
        {
            await snapshots.FollowAsync(SnapshotChanges.About([.. claimed.Select(row => row.Shop)]), cancellationToken);
        }

        return claimed;
    }

    /// <summary>Shopify holds what it should, unless something changed in the meantime: then the shop is due again.</summary>
    public async Task DoneAsync(OutboxRow claimed, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"""
             WITH done AS (DELETE FROM guard.outbox WHERE shop = {claimed.Shop} AND version = {claimed.Version} RETURNING shop)
             UPDATE guard.outbox SET claimed_until = NULL, attempts = 0, trouble = NULL
             WHERE shop = {claimed.Shop} AND NOT EXISTS (SELECT FROM done)
             """, cancellationToken);
    }

    /// <summary>There is more to do for the shop, after a pause.</summary>
    /// <param name="claimed">What was claimed.</param>
    /// <param name="after">The pause.</param>
    /// <param name="trouble">Why it did not work; null when it did.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task AgainAsync(OutboxRow claimed, TimeSpan after, string? trouble, CancellationToken cancellationToken = default)
    {
        var attempts = trouble is null ? 0 : claimed.Attempts + 1;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"""
             UPDATE guard.outbox SET claimed_until = NULL, due_at = clock_timestamp() + {after}, attempts = {attempts}, trouble = {trouble}
             WHERE shop = {claimed.Shop}
             """, cancellationToken);
    }

    /// <summary>Puts a shop in, within the transaction that changes what it should hold.</summary>
    /// <param name="db">With that transaction.</param>
    /// <param name="shop">The shop.</param>
    /// <param name="products">Whether its products' metafields may differ, too.</param>
    /// <param name="cancellationToken">Gives up.</param>
    internal static Task AskAsync(GuardDb db, string shop, bool products, CancellationToken cancellationToken) => db.Database.ExecuteSqlAsync(
        $"""
         INSERT INTO guard.outbox AS waiting (shop, version, products, bulk, asked_at, due_at, attempts)
         VALUES ({shop}, 1, {products}, false, clock_timestamp(), clock_timestamp(), 0)
         ON CONFLICT (shop) DO UPDATE SET version = waiting.version + 1, products = waiting.products OR EXCLUDED.products, bulk = false,
           due_at = LEAST(waiting.due_at, EXCLUDED.due_at + interval '5 seconds')
         """, cancellationToken);
}
