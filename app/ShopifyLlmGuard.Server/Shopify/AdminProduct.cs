using System.Globalization;
using System.Text.Json;
using ShopifyLlmGuard.Catalog;

namespace ShopifyLlmGuard.Server.Shopify;

/// <summary>Reads a product as the Admin API writes it.</summary>
internal static class AdminProduct
{
    public static string GidOf(long id) => $"gid://shopify/Product/{id.ToString(CultureInfo.InvariantCulture)}";

    public static long IdOf(JsonElement product) =>
        long.Parse(product.GetProperty("id").GetString()!.Split('/')[^1], CultureInfo.InvariantCulture);

    /// <summary>Whether shoppers can buy it: a draft or a product that is not published must not be recommended.</summary>
    public static bool IsForSale(JsonElement product) =>
        product.GetProperty("status").GetString() == "ACTIVE" && product.GetProperty("publishedAt").ValueKind == JsonValueKind.String;

    public static DateTimeOffset UpdatedAt(JsonElement product) => product.GetProperty("updatedAt").GetDateTimeOffset();

    public static CatalogProduct Read(JsonElement product)
    {
        var price = product.GetProperty("priceRangeV2").GetProperty("minVariantPrice");
        return new(
            IdOf(product), Text(product, "handle"), Text(product, "title"), Text(product, "vendor"), Text(product, "productType"),
            [.. product.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()!)],
            Text(product, "description"),
            decimal.Parse(price.GetProperty("amount").GetString()!, CultureInfo.InvariantCulture),
            Text(price, "currencyCode"), ImageOf(product), UpdatedAt(product));
    }

    private static string? ImageOf(JsonElement product) =>
        product.TryGetProperty("featuredMedia", out var media) && media.ValueKind == JsonValueKind.Object
        && media.TryGetProperty("preview", out var preview) && preview.ValueKind == JsonValueKind.Object
        && preview.TryGetProperty("image", out var image) && image.ValueKind == JsonValueKind.Object
            ? image.GetProperty("url").GetString()
            : null;

    private static string Text(JsonElement owner, string name) => owner.GetProperty(name).GetString()!;
}
