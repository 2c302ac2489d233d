using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Catalog;

/// <summary>The scheduled catalogue round: computes related products where a catalogue has changed.</summary>
public sealed class CatalogRound(IDbContextFactory<GuardDb> databases)
{
    /// <summary>Computes every changed catalogue, and leaves the others alone.</summary>
    /// <returns>How many shops were computed.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var changed = await db.CatalogVersions.AsNoTracking()
            .Where(version => version.Computed < version.Stored).ToListAsync(cancellationToken);
        foreach (var version in changed)
        {
            await ComputeAsync(version, cancellationToken);
        }

        return changed.Count;
    }

    private async Task ComputeAsync(CatalogVersion version, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var rows = await db.Products.AsNoTracking()
            .Where(product => product.Shop == version.Shop && product.RemovedAt == null)
            .OrderBy(product => product.Id).ToListAsync(cancellationToken);
        var related = Relatedness.Compute([.. rows.Select(row => row.ToProduct())]);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.RelatedProducts.Where(row => row.Shop == version.Shop).ExecuteDeleteAsync(cancellationToken);
        db.RelatedProducts.AddRange(related.Select(pair =>
            new RelatedProducts { Shop = version.Shop, ProductId = pair.Key, Items = pair.Value }));
        await db.SaveChangesAsync(cancellationToken);
        await db.CatalogVersions.Where(row => row.Shop == version.Shop)
            .ExecuteUpdateAsync(row => row.SetProperty(r => r.Computed, version.Stored), cancellationToken);
        await Outbox.AskAsync(db, version.Shop, products: true, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
