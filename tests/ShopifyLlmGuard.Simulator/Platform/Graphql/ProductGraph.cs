using System.Globalization;
using GraphQL;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Simulator.Shop;

namespace ShopifyLlmGuard.Simulator.Platform.Graphql;

/// <summary>The shop's products as the Admin API shows them.</summary>
internal sealed class ProductGraph(ShopState shop, MetafieldGraph metafields, IOptions<SimulatorOptions> simulator)
{
    private const string Opened = "2026-01-05T09:00:00Z";
    private const string Prefix = "gid://shopify/Product/";

    public static bool TryReadId(string gid, out long id)
    {
        id = 0;
        return gid.StartsWith(Prefix, StringComparison.Ordinal)
            && long.TryParse(gid.AsSpan(Prefix.Length), CultureInfo.InvariantCulture, out id);
    }

    public Node? Find(string gid) => TryReadId(gid, out var id) && shop.Find(id) is { } product ? ToNode(product) : null;

    public Node List(IResolveFieldContext context)
    {
        var found = ProductSearch.Filter(shop.Products, context.GetArgument<string?>("query"));
        var sorted = context.GetArgument<string>("sortKey") switch
        {
            "TITLE" => found.OrderBy(product => product.Title, StringComparer.Ordinal),
            "UPDATED_AT" => found.OrderBy(product => product.UpdatedAt),
            "ID" => found.OrderBy(product => product.Id),
            var other => throw new ExecutionError($"The simulator does not sort products by {other}.") { Code = "NOT_SIMULATED" },
        };
        var ordered = context.GetArgument<bool>("reverse") ? sorted.Reverse() : sorted;
        return Connection.Page("Product", [.. ordered.Select(ToNode)], context);
    }

    private Node ToNode(Product product)
    {
        var price = new Node("MoneyV2", new Dictionary<string, object?>
        {
            // Shopify's decimals drop trailing zeros: 49.90 arrives as "49.9".
            ["amount"] = product.Price.ToString("0.0##", CultureInfo.InvariantCulture),
            ["currencyCode"] = Product.Currency,
        });
        return new("Product", new Dictionary<string, object?>
        {
            ["id"] = product.Gid,
            ["legacyResourceId"] = product.Id.ToString(CultureInfo.InvariantCulture),
            ["handle"] = product.Handle,
            ["title"] = product.Title,
            ["vendor"] = product.Vendor,
            ["productType"] = product.ProductType,
            ["tags"] = product.Tags,
            ["description"] = product.Description,
            ["descriptionHtml"] = $"<p>{System.Net.WebUtility.HtmlEncode(product.Description)}</p>",
            ["status"] = "ACTIVE",
            ["createdAt"] = Opened,
            ["publishedAt"] = Opened,
            ["updatedAt"] = Node.Time(product.UpdatedAt),
            ["onlineStoreUrl"] = $"{simulator.Value.Url}/products/{product.Handle}",
            ["featuredMedia"] = Media(product),
            ["priceRangeV2"] = new Node("ProductPriceRangeV2", new Dictionary<string, object?>
            {
                ["minVariantPrice"] = price,
                ["maxVariantPrice"] = price,
            }),
            ["metafields"] = ShopGraph.Ask(context => metafields.List(product.Gid, context)),
            ["metafield"] = ShopGraph.Ask(context => metafields.Find(product.Gid, context)),
        });
    }

    private Node? Media(Product product) => product.Image is null ? null : new("MediaImage", new Dictionary<string, object?>
    {
        ["id"] = $"gid://shopify/MediaImage/{product.Id}",
        ["alt"] = product.Title,
        ["preview"] = new Node("MediaPreviewImage", new Dictionary<string, object?>
        {
            ["image"] = new Node("Image", new Dictionary<string, object?>
            {
                ["url"] = $"{simulator.Value.Url}/cdn/shop/files/{product.Image}?v=1",
                ["altText"] = product.Title,
            }),
        }),
    });
}
