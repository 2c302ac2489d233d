using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Incidents;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Privacy;

/// <summary>
/// Carries out the three privacy requests. The guard stores nothing about customers: no conversations, no identities. The one
/// place where a customer may be named is the body of a customer webhook that still waits in the inbox, or was given up.
/// </summary>
public sealed class PrivacyDesk(IDbContextFactory<GuardDb> databases, Snapshots snapshots, AuditDesk audit, TimeProvider clock)
{
    /// <summary>The shop's privacy requests, newest first.</summary>
    public async Task<IReadOnlyList<PrivacyRecord>> RecordsAsync(string shop, int limit = 50, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.PrivacyRecords.AsNoTracking().Where(record => record.Shop == shop)
            .OrderByDescending(record => record.Id).Take(limit).ToListAsync(cancellationToken);
    }

    /// <summary>Looks for what is held about the customer whom a data request names, and records the answer.</summary>
    public async Task ExportAsync(WebhookDelivery request, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var found = await CustomerDeliveries.LikeAsync(db, request, cancellationToken);
        Record(db, request.Shop, PrivacyRecord.DataRequest, found.Count);
        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>Takes the customer whom a redaction names out of the shop's other webhooks, and records that it was done.</summary>
    public async Task RedactCustomerAsync(WebhookDelivery request, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var found = await CustomerDeliveries.LikeAsync(db, request, cancellationToken);
        found.ForEach(CustomerDeliveries.Empty);
        Record(db, request.Shop, PrivacyRecord.CustomerRedaction, found.Count);
        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>Deletes everything that names the shop, except the proof that this was done. Not for a shop that has the app.</summary>
    /// <param name="shop">The shop.</param>
    /// <param name="deliveryId">The webhook that asks for it; it stays until it is processed and tidied away.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether the shop was deleted.</returns>
    public async Task<bool> RedactShopAsync(string shop, string? deliveryId = null, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await ShopRegistry.LockAsync(db, shop, cancellationToken);
        if (await db.Shops.AnyAsync(row => row.Domain == shop && row.UninstalledAt == null, cancellationToken))
        {
            return false;
        }

        var rows = await DeleteAsync(db, shop, deliveryId, cancellationToken);
        Record(db, shop, PrivacyRecord.ShopRedaction, rows + await audit.ForgetAsync(db, shop, cancellationToken));
        await db.SaveAndTellAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        await snapshots.RefreshAsync(cancellationToken);
        return true;
    }

    private static async Task<int> DeleteAsync(GuardDb db, string shop, string? deliveryId, CancellationToken cancellationToken) =>
        await db.ShopTokens.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.Flags.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.FlagChanges.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.Pins.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.BypassDecisions.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.ServingChanges.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.Outbox.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.PublishedMetafields.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.FallbackVersions.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.Products.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.RelatedProducts.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.CatalogVersions.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.WebhookDeliveries.Where(row => row.Shop == shop && row.Id != deliveryId).ExecuteDeleteAsync(cancellationToken) +
        await db.Attempts.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.EvidenceHeads.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.AnswerMinutes.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.IncidentSteps.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken) +
        await db.Incidents.Where(row => row.Cause == Incident.ByHand && row.Impacts.Any() && row.Impacts.All(impact => impact.Shop == shop))
            .ExecuteDeleteAsync(cancellationToken) +

        // How long an incident went on, and for how many shops, stays true.
        await db.IncidentImpacts.Where(row => row.Shop == shop)
            .ExecuteUpdateAsync(row => row.SetProperty(impact => impact.Shop, IncidentImpact.DeletedShop), cancellationToken) +
        await db.Shops.Where(row => row.Domain == shop).ExecuteDeleteAsync(cancellationToken);

    private void Record(GuardDb db, string shop, string kind, int rows) =>
        db.PrivacyRecords.Add(new PrivacyRecord { Shop = shop, Kind = kind, At = DatabaseTime.Of(clock), Rows = rows });
}
