using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Serving;

/// <summary>A decision that is to be recorded.</summary>
internal sealed record LedgerChange(string Shop, string Feature, Decision Decision, string? Detail);

/// <summary>Writes many changes in one statement, those that the table does not end with already.</summary>
internal static class LedgerRows
{
    /// <summary>Returns the changes that were really new. A new mode is also something that Shopify should hold.</summary>
    public static async Task<IReadOnlyList<LedgerChange>> WriteAsync(
        GuardDb db, IReadOnlyList<LedgerChange> changes, bool isBulk, DateTimeOffset now, CancellationToken cancellationToken)
    {
        string[] shops = [.. changes.Select(change => change.Shop)], features = [.. changes.Select(change => change.Feature)];
        string[] modes = [.. changes.Select(change => change.Decision.Mode.ToString())];
        string?[] reasons = [.. changes.Select(change => change.Decision.Reason)], details = [.. changes.Select(change => change.Detail)];
        var places = await db.Database.SqlQuery<int>(
            $"""
             WITH decided AS (
               SELECT d.*, last.id AS last_id, last.mode AS last_mode, last.reason AS last_reason
               FROM unnest({shops}, {features}, {modes}, {reasons}, {details}) WITH ORDINALITY AS d (shop, feature, mode, reason, detail, place)
               LEFT JOIN LATERAL (
                 SELECT id, mode, reason FROM guard.serving_changes AS change
                 WHERE change.shop = d.shop AND change.feature = d.feature ORDER BY id DESC LIMIT 1) AS last ON true
             ), fresh AS (
               SELECT * FROM decided WHERE last_id IS NULL OR last_mode <> mode OR last_reason IS DISTINCT FROM reason
             ), written AS (
               INSERT INTO guard.serving_changes (shop, feature, mode, reason, detail, at)
               SELECT shop, feature, mode, reason, detail, {now} FROM fresh ORDER BY place
             ), due AS (
               INSERT INTO guard.outbox AS waiting (shop, version, products, bulk, asked_at, due_at, attempts)
               SELECT shop, 1, false, {isBulk}, clock_timestamp(), clock_timestamp(), 0 FROM fresh
               WHERE last_mode IS DISTINCT FROM mode GROUP BY shop
               ON CONFLICT (shop) DO UPDATE SET version = waiting.version + 1, bulk = waiting.bulk AND EXCLUDED.bulk, 
                 due_at = LEAST(waiting.due_at, EXCLUDED.due_at + interval '5 seconds')
             )
             SELECT place::int AS "Value" FROM fresh ORDER BY place
             """).ToListAsync(cancellationToken);
        return [.. places.Select(place => changes[place - 1])];
    }
}
