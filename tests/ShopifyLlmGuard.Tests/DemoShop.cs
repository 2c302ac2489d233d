using System.Globalization;
using System.Text.Json;
using ShopifyLlmGuard.Catalog;

namespace ShopifyLlmGuard.Tests;

/// <summary>The products of the demo shop, from the simulator's own file.</summary>
public static class DemoShop
{
    public static DateTimeOffset UpdatedAt { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static IReadOnlyList<CatalogProduct> Products { get; } = Read();

    private static List<CatalogProduct> Read()
    {
        using var file = JsonDocument.Parse(File.ReadAllText(
            Path.Combine(FindRoot(), "tests/ShopifyLlmGuard.Simulator/Shop/products.json")));
        return [.. file.RootElement.EnumerateArray().Select(product => new CatalogProduct(
            product.GetProperty("id").GetInt64(), Text(product, "handle"), Text(product, "title"), Text(product, "vendor"),
            Text(product, "product_type"), [.. product.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()!)],
            Text(product, "description"), decimal.Parse(Text(product, "price"), CultureInfo.InvariantCulture), "EUR",
            Text(product, "image"), UpdatedAt))];
    }

    private static string Text(JsonElement product, string name) => product.GetProperty(name).GetString()!;

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "ShopifyLlmGuard.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The repository's root was not found.");
        }

        return folder;
    }
}
