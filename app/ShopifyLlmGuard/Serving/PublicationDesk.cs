using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Fallbacks;
using ShopifyLlmGuard.Protections;

namespace ShopifyLlmGuard.Serving;

/// <summary>One metafield (namespace <c>guard</c>, type <c>json</c>) as Shopify should hold it.</summary>
/// <param name="Owner">The owner's GID: the app installation or a product.</param>
/// <param name="Key">E.g. <c>chat</c>.</param>
/// <param name="Json">The value.</param>
public sealed record Publication(string Owner, string Key, string Json)
{
    public const string Namespace = "guard";

    internal string Hash => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Json)));
}

/// <summary>Knows what Shopify should hold for a shop, and what of it is not there yet. The server writes it.</summary>
public sealed class PublicationDesk(
    IDbContextFactory<GuardDb> databases, Snapshots snapshots, ServingBoard board, FallbackBoard fallbacks,
    ProtectionProofs proofs, TimeProvider clock)
{
    /// <summary>What an AI-written answer is introduced with.</summary>
    public const string Disclosure = "Written by an AI assistant. It can be wrong, and it is not medical advice.";

    private const string ProductOwner = "gid://shopify/Product/";

    // The same text for the same value, so that hashes compare; Liquid and GraphQL read it, not HTML.
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>What a page should know of the shop's features now; empty when the shop does not have the app.</summary>
    public IReadOnlyList<Publication> Features(string shop) =>
        snapshots.Current.Shops.GetValueOrDefault(shop)?.AppInstallationId is { } owner
            ? [Chat(shop, owner), Recommendations(shop, owner)]
            : [];

    /// <summary>What differs from what Shopify last confirmed, features first, at most <paramref name="limit"/>.</summary>
    /// <param name="shop">The shop.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="products">Whether to look at the products, too: a shop may have thousands of them.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<Publication>> PendingAsync(
        string shop, int limit = 25, bool products = true, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var held = (await db.PublishedMetafields.AsNoTracking().Where(row => row.Shop == shop && (products || !row.Owner.StartsWith(ProductOwner)))
            .ToListAsync(cancellationToken)).ToDictionary(row => (row.Owner, row.Key), row => row.Hash);
        var desired = Features(shop).Concat(products ? await ProductsAsync(db, shop, cancellationToken) : []);
        return [.. desired.Where(wanted => held.GetValueOrDefault((wanted.Owner, wanted.Key)) != wanted.Hash).Take(limit)];
    }

    /// <summary>Shopify has confirmed these.</summary>
    public async Task ConfirmAsync(string shop, IReadOnlyCollection<Publication> published, CancellationToken cancellationToken = default)
    {
        string[] owners = [.. published.Select(one => one.Owner)], keys = [.. published.Select(one => one.Key)];
        string[] hashes = [.. published.Select(one => one.Hash)];
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO guard.published_metafields (shop, owner, key, hash, published_at)
             SELECT {shop}, owner, key, hash, {clock.GetUtcNow()} FROM unnest({owners}, {keys}, {hashes}) AS confirmed (owner, key, hash)
             ON CONFLICT (shop, owner, key) DO UPDATE SET hash = EXCLUDED.hash, published_at = EXCLUDED.published_at
             """, cancellationToken);
        await ProveAsync(db, shop, published, cancellationToken);
    }

    /// <summary>Forgets what was confirmed, so that everything is published again.</summary>
    public async Task ForgetAsync(string shop, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.PublishedMetafields.Where(row => row.Shop == shop).ExecuteDeleteAsync(cancellationToken);
        await Outbox.AskAsync(db, shop, products: true, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    // New texts of a feature that has long been in fallback are no proof of how soon a change of mode arrives.
    private async Task ProveAsync(GuardDb db, string shop, IReadOnlyCollection<Publication> published, CancellationToken cancellationToken)
    {
        var (owner, now) = (snapshots.Current.Shop(shop).AppInstallationId, clock.GetUtcNow());
        foreach (var feature in published.Where(publication => publication.Owner == owner).Select(publication => publication.Key))
        {
            var change = await db.ServingChanges.AsNoTracking().Where(row => row.Shop == shop && row.Feature == feature)
                .OrderByDescending(row => row.Id).FirstOrDefaultAsync(cancellationToken);
            if (change is { Mode: not Mode.Live } && now - change.At < TimeSpan.FromHours(1))
            {
                Prove(change, now - change.At);
            }
        }
    }

    // A drill is a pin of its own: what it took off the air on purpose is no real act. Of a pin that is gone by now nobody can say which it was.
    private void Prove(ServingChange change, TimeSpan took)
    {
        var pin = ServingPolicy.PinThatDecides(change.Shop, change.Feature, snapshots.Current.Pins, change.At);
        if (change.Reason == Reasons.Pinned && pin is { Holder: PinHolder.Drill })
        {
            proofs.Drilled(Protection.FallbackPublication, took);
        }
        else if (change.Reason != Reasons.Pinned || pin is not null)
        {
            proofs.Acted(Protection.FallbackPublication, took);
        }
    }

    private static async Task<List<Publication>> ProductsAsync(GuardDb db, string shop, CancellationToken cancellationToken)
    {
        var related = await db.RelatedProducts.AsNoTracking()
            .Where(row => row.Shop == shop).OrderBy(row => row.ProductId).ToListAsync(cancellationToken);
        return [.. related.Select(row => new Publication(
            $"{ProductOwner}{row.ProductId}", "recommendations",
            JsonSerializer.Serialize(row.Items.Select(item => new { item.Handle, item.Reason }), Json)))];
    }

    private Publication Chat(string shop, string owner) => new(owner, Flags.Features.Chat, JsonSerializer.Serialize(
        new
        {
            Mode = board.DecideShared(shop, Flags.Features.Chat).Mode,
            Proxy = "/apps/guard",
            Disclosure,
            Fallback = fallbacks.Read(shop),
        }, Json));

    private Publication Recommendations(string shop, string owner) => new(owner, Flags.Features.Recommendations, JsonSerializer.Serialize(
        new
        {
            Mode = board.DecideShared(shop, Flags.Features.Recommendations).Mode,
            Proxy = "/apps/guard",
            Heading = "You may also like",
            Disclosure,
        }, Json));
}
