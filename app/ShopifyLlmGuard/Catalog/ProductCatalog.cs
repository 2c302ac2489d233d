using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Catalog;

/// <summary>The shop's products, as the guard knows them, and the search over them.</summary>
public sealed class ProductCatalog(IDbContextFactory<GuardDb> databases)
{
    private const int LongestQuery = 500;

    // Every word of the question counts alone (OR), and the rarer it is in this shop the more: "monitor" says less than "travel".
    private const string SearchSql =
        """
        WITH shop_products AS (SELECT * FROM guard.products WHERE shop = {0} AND removed_at IS NULL),
        words AS (
          SELECT word.lexeme, to_tsquery('simple', quote_literal(word.lexeme)) AS query
          FROM unnest(to_tsvector('english', {1})) AS word(lexeme, positions, weights)),
        hits AS (
          SELECT product.id, word.lexeme, ts_rank('{{0.2, 0.4, 0.6, 1.0}}', product.search, word.query) AS rank
          FROM words AS word JOIN shop_products AS product ON product.search @@ word.query),
        rarity AS (
          SELECT lexeme, ln(1 + (SELECT count(*) FROM shop_products)::float8 / count(*)) AS weight FROM hits GROUP BY lexeme),
        ranked AS (
          SELECT hits.id, sum(hits.rank * rarity.weight) AS score FROM hits JOIN rarity USING (lexeme) GROUP BY hits.id)
        SELECT product.* FROM shop_products AS product JOIN ranked USING (id)
        ORDER BY ranked.score DESC, product.id LIMIT {2}
        """;

    /// <summary>Stores products; one that is older than what is stored changes nothing.</summary>
    /// <returns>How many were stored.</returns>
    public async Task<int> UpsertAsync(string shop, IReadOnlyCollection<CatalogProduct> products, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var stored = 0;
        foreach (var product in products.OrderBy(product => product.Id))
        {
            stored += await UpsertAsync(db, shop, product, cancellationToken);
        }

        await ChangedAsync(db, shop, stored, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return stored;
    }

    /// <summary>Removes a product as of <paramref name="at"/>; what is newer stays.</summary>
    public async Task RemoveAsync(string shop, long id, DateTimeOffset at, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var removed = await db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO guard.products AS stored (shop, id, handle, title, vendor, product_type, tags, tag_text, description, price,
               currency, updated_at, removed_at)
             VALUES ({shop}, {id}, '', '', '', '', ARRAY[]::text[], '', '', 0, '', {at.ToUniversalTime()}, {at.ToUniversalTime()})
             ON CONFLICT (shop, id) DO UPDATE SET removed_at = EXCLUDED.removed_at
             WHERE stored.updated_at <= EXCLUDED.updated_at AND stored.removed_at IS NULL
             """, cancellationToken);
        await ChangedAsync(db, shop, removed, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>After a whole synchronisation: removes what the shop no longer has and what did not change since it began.</summary>
    /// <returns>How many were removed.</returns>
    public async Task<int> KeepOnlyAsync(
        string shop, IReadOnlyCollection<long> ids, DateTimeOffset syncedAt, CancellationToken cancellationToken = default)
    {
        var at = syncedAt.ToUniversalTime();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var removed = await db.Products
            .Where(product => product.Shop == shop && product.RemovedAt == null && product.UpdatedAt <= at && !ids.Contains(product.Id))
            .ExecuteUpdateAsync(product => product.SetProperty(p => p.RemovedAt, at), cancellationToken);
        await ChangedAsync(db, shop, removed, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return removed;
    }

    /// <summary>The products that fit a text best, best first. Any word may match; none of the words is required.</summary>
    public async Task<IReadOnlyList<CatalogProduct>> SearchAsync(
        string shop, string text, int limit, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var words = Searchable(text.Length <= LongestQuery ? text : text[..LongestQuery]);
        var rows = await db.Products.FromSqlRaw(SearchSql, shop, words, limit).AsNoTracking().ToListAsync(cancellationToken);
        return [.. rows.Select(row => row.ToProduct())];
    }

    /// <summary>The product; null when the shop does not sell it.</summary>
    public async Task<CatalogProduct?> FindAsync(string shop, long id, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var row = await db.Products.AsNoTracking()
            .FirstOrDefaultAsync(product => product.Shop == shop && product.Id == id && product.RemovedAt == null, cancellationToken);
        return row?.ToProduct();
    }

    /// <summary>A product with its precomputed recommendations, best first; null when the shop does not sell it.</summary>
    internal async Task<RelatedShelf?> ShelfAsync(string shop, long id, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var related = (await db.RelatedProducts.AsNoTracking()
            .FirstOrDefaultAsync(row => row.Shop == shop && row.ProductId == id, cancellationToken))?.Items ?? [];
        var ids = related.Select(item => item.Id).Append(id).ToList();
        var rows = await db.Products.AsNoTracking()
            .Where(product => product.Shop == shop && product.RemovedAt == null && ids.Contains(product.Id))
            .ToDictionaryAsync(product => product.Id, product => product.ToProduct(), cancellationToken);
        return rows.GetValueOrDefault(id) is { } viewed
            ? new RelatedShelf(viewed, [.. related.Where(item => rows.ContainsKey(item.Id)).Select(item => (rows[item.Id], item.Reason))])
            : null;
    }

    // PostgreSQL refuses U+0000 and halves of surrogate pairs; none of them is a word.
    private static string Searchable(string text) =>
        new([.. text.Select(character => char.IsControl(character) || char.IsSurrogate(character) ? ' ' : character)]);

    private static Task<int> UpsertAsync(GuardDb db, string shop, CatalogProduct product, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO guard.products AS stored (shop, id, handle, title, vendor, product_type, tags, tag_text, description, price,
               currency, image_url, updated_at)
             VALUES ({shop}, {product.Id}, {product.Handle}, {product.Title}, {product.Vendor}, {product.ProductType},
               {product.Tags.ToArray()}, {string.Join(' ', product.Tags)}, {product.Description}, {product.Price},
               {product.Currency}, {product.ImageUrl}, {product.UpdatedAt.ToUniversalTime()})
             ON CONFLICT (shop, id) DO UPDATE SET handle = EXCLUDED.handle, title = EXCLUDED.title, vendor = EXCLUDED.vendor,
               product_type = EXCLUDED.product_type, tags = EXCLUDED.tags, tag_text = EXCLUDED.tag_text,
               description = EXCLUDED.description, price = EXCLUDED.price, currency = EXCLUDED.currency,
               image_url = EXCLUDED.image_url, updated_at = EXCLUDED.updated_at, removed_at = NULL
             WHERE stored.updated_at <= EXCLUDED.updated_at
               AND (stored.removed_at IS NULL OR stored.removed_at < EXCLUDED.updated_at)
               AND (stored.handle, stored.title, stored.vendor, stored.product_type, stored.tags, stored.description, stored.price,
                 stored.currency, stored.image_url, stored.removed_at) IS DISTINCT FROM
                 (EXCLUDED.handle, EXCLUDED.title, EXCLUDED.vendor, EXCLUDED.product_type, EXCLUDED.tags, EXCLUDED.description,
                 EXCLUDED.price, EXCLUDED.currency, EXCLUDED.image_url, NULL::timestamptz)
             """, cancellationToken);

    private static async Task ChangedAsync(GuardDb db, string shop, int products, CancellationToken cancellationToken)
    {
        if (products > 0)
        {
            await db.Database.ExecuteSqlAsync(
                $"""
                 INSERT INTO guard.catalog_versions AS version (shop, stored, computed) VALUES ({shop}, 1, 0)
                 ON CONFLICT (shop) DO UPDATE SET stored = version.stored + 1
                 """, cancellationToken);
        }
    }
}

/// <summary>A product and what goes with it, each with the precomputed reason.</summary>
internal sealed record RelatedShelf(CatalogProduct Viewed, IReadOnlyList<(CatalogProduct Product, string Reason)> Related);
