using System.Text.Json.Serialization;

namespace ShopifyLlmGuard.Simulator.Shop;

/// <summary>A product as the merchant keeps it. The price is in euros; <paramref name="Image"/> is a file of the theme's pictures.</summary>
internal sealed record Product(
    long Id,
    string Handle,
    string Title,
    string Vendor,
    string ProductType,
    IReadOnlyList<string> Tags,
    string Description,
    [property: JsonNumberHandling(JsonNumberHandling.AllowReadingFromString)] decimal Price,
    string? Image,
    DateTimeOffset UpdatedAt = default)
{
    public const string Currency = "EUR";

    /// <summary>The owner id of its metafields.</summary>
    [JsonIgnore]
    public string Gid => $"gid://shopify/Product/{Id}";
}

/// <summary>What happened to a product: the last word of Shopify's webhook topic, and the product as it is now (or last was).</summary>
internal sealed record ProductChange(ProductEvent Event, Product Product);

internal enum ProductEvent
{
    Create,
    Update,
    Delete,
}
