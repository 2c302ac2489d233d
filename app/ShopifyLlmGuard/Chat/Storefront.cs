using System.Globalization;
using ShopifyLlmGuard.Catalog;

namespace ShopifyLlmGuard.Chat;

/// <summary>Products as the storefront shows them.</summary>
internal static class Storefront
{
    public static ProductCard Card(this CatalogProduct product) => new(
        product.Handle, product.Title, Url(product), Price(product), product.Currency, product.ImageUrl);

    public static RecommendedProduct Recommended(this CatalogProduct product, string reason) => new(
        product.Handle, product.Title, Url(product), Price(product), product.Currency, product.ImageUrl, reason);

    private static string Url(CatalogProduct product) => $"/products/{Uri.EscapeDataString(product.Handle)}";

    private static string Price(CatalogProduct product) => product.Price.ToString("0.00", CultureInfo.InvariantCulture);
}
