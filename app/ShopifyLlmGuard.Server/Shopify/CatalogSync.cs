using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Catalog;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Server.Shopify;

/// <summary>
/// Reads whole catalogues: at once for a shop that has none yet, and every night for all, because webhooks may be lost.
/// </summary>
internal sealed partial class CatalogSync(
    ShopAdmin admin, ProductCatalog catalog, Snapshots snapshots, IDbContextFactory<GuardDb> databases, TimeProvider clock, ILogger<CatalogSync> logger)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var shop in snapshots.Current.Shops.Keys)
        {
            await admin.KeepAliveAsync(shop, cancellationToken);
            await SyncAsync(shop, cancellationToken);
        }
    }

    /// <summary>The shops whose catalogue was never read.</summary>
    public async Task RunForNewShopsAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var known = await db.CatalogVersions.Select(version => version.Shop).ToListAsync(cancellationToken);
        foreach (var shop in snapshots.Current.Shops.Keys.Except(known))
        {
            await SyncAsync(shop, cancellationToken);
        }
    }

    private async Task SyncAsync(string shop, CancellationToken cancellationToken)
    {
        var began = clock.GetUtcNow();
        var seen = new List<long>();
        for (string? after = null; ;)
        {
            var reply = await admin.RunAsync(shop, AdminDocument.Products, new { after }, cancellationToken);
            if (reply is not AdminReply.Done { Data: var data })
            {
                // Half a catalogue may be added, but nothing may be removed because of it.
                Log.Broken(logger, shop, seen.Count, reply.GetType().Name);
                return;
            }

            var page = data.GetProperty("products");
            var forSale = page.GetProperty("nodes").EnumerateArray().Where(AdminProduct.IsForSale).Select(AdminProduct.Read).ToList();
            await catalog.UpsertAsync(shop, forSale, cancellationToken);
            seen.AddRange(forSale.Select(product => product.Id));
            if (!page.GetProperty("pageInfo").GetProperty("hasNextPage").GetBoolean())
            {
                break;
            }

            after = page.GetProperty("pageInfo").GetProperty("endCursor").GetString();
        }

        await catalog.KeepOnlyAsync(shop, seen, began, cancellationToken);
        Log.Done(logger, shop, seen.Count);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Shop}: the catalogue is read: {Count} products for sale.")]
        public static partial void Done(ILogger logger, string shop, int count);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Shop}: the catalogue broke off after {Count} products: {Why}.")]
        public static partial void Broken(ILogger logger, string shop, int count, string why);
    }
}
