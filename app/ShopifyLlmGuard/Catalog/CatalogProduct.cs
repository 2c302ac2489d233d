using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.Catalog;

/// <summary>A product as the shop sells it.</summary>
/// <param name="Id">Shopify's numeric id.</param>
/// <param name="Handle">The last part of its address.</param>
/// <param name="Title">Its name.</param>
/// <param name="Vendor">Who makes it.</param>
/// <param name="ProductType">What kind it is.</param>
/// <param name="Tags">The merchant's tags.</param>
/// <param name="Description">Plain text; the first sentence says what it is.</param>
/// <param name="Price">In <paramref name="Currency"/>.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="ImageUrl">Absolute or relative; null without an image.</param>
/// <param name="UpdatedAt">Shopify's own time; an older one never overwrites a newer one.</param>
public sealed record CatalogProduct(
    long Id, string Handle, string Title, string Vendor, string ProductType, IReadOnlyList<string> Tags, string Description,
    decimal Price, string Currency, string? ImageUrl, DateTimeOffset UpdatedAt)
{
    internal PromptProduct ForPrompt() => new(Title, PromptProduct.FirstSentence(Description));
}
