using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Privacy;

/// <summary>What the guard holds about a customer.</summary>
/// <param name="Shop">The shop that asked.</param>
/// <param name="At">When the answer was made.</param>
/// <param name="Held">Kinds of data held about the customer: always empty, see <see cref="PrivacyDesk"/>.</param>
/// <param name="Statement">The same in a sentence for the merchant.</param>
public sealed record CustomerExport(string Shop, DateTimeOffset At, IReadOnlyList<string> Held, string Statement);

/// <summary>
/// Carries out the three privacy requests. The guard stores nothing about customers: no conversations, no identities. The one
/// place where a customer may be named is the body of a webhook that still waits in the inbox.
/// </summary>
public sealed class PrivacyDesk(IDbContextFactory<GuardDb> databases, Snapshots snapshots, TimeProvider clock)
{
    /// <summary>Says what is held about a customer, and records that it was asked.</summary>
    public async Task<CustomerExport> ExportAsync(string shop, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        Record(db, shop, "customers/data_request", 0);
        await db.SaveChangesAsync(cancellationToken);
        return new CustomerExport(
            shop, clock.GetUtcNow(), [],
            "Shopify LLM Guard stores no conversations, no questions, no answers and no customer identities, so it holds no data about this customer.");
    }

    /// <summary>Empties the bodies of the shop's customer webhooks that still wait, other than <paramref name="deliveryId"/>.</summary>
    public async Task RedactCustomerAsync(string shop, string deliveryId, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var rows = await db.WebhookDeliveries
            .Where(delivery => delivery.Shop == shop && delivery.Id != deliveryId && delivery.Body != null &&
                delivery.ProcessedAt != null)
            .ExecuteUpdateAsync(delivery => delivery.SetProperty(d => d.Body, (string?)null), cancellationToken);
        Record(db, shop, "customers/redact", rows);
        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>Deletes everything that names the shop, except the proof that this was done. Not for a shop that is back.</summary>
    /// <returns>Whether the shop was deleted.</returns>
    public async Task<bool> RedactShopAsync(string shop, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await db.Shops.AnyAsync(row => row.Domain == shop && row.UninstalledAt == null, cancellationToken))
        {
            return false;
        }

        var rows = await DeleteAsync(db, shop, cancellationToken);
        Record(db, shop, "shop/redact", rows);
        await db.SaveAndTellAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        await snapshots.RefreshAsync(cancellationToken);
        return true;
    }

    private static async Task<int> DeleteAsync(GuardDb db, string shop, CancellationToken cancellationToken) =>
        await db.ShopTokens.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.Flags.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.FlagChanges.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.Pins.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.ServingChanges.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.PublishedMetafields.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.FallbackVersions.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.Products.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.RelatedProducts.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.CatalogVersions.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.WebhookDeliveries.Where(row => row.Shop == shop && row.ProcessedAt != null).ExecuteDeleteAsync(cancellationToken) +
        await db.Attempts.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.EvidenceHeads.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.Shops.Where(row => row.Domain == shop).ExecuteDeleteAsync(cancellationToken);

    private void Record(GuardDb db, string shop, string kind, int rows) =>
        db.PrivacyRecords.Add(new PrivacyRecord { Shop = shop, Kind = kind, At = DatabaseTime.Of(clock), Rows = rows });
}
