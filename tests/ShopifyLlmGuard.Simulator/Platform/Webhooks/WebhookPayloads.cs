using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Simulator.Shop;

namespace ShopifyLlmGuard.Simulator.Platform.Webhooks;

/// <summary>Shopify's bodies for the topics that the app subscribes to.</summary>
internal sealed class WebhookPayloads(ShopState shop, IOptions<SimulatorOptions> simulator, TimeProvider clock)
{
    public const string Uninstalled = "app/uninstalled";
    private const long ShopId = 1;

    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Of(ProductChange change) => JsonSerializer.SerializeToUtf8Bytes<object>(
        change.Event == ProductEvent.Delete ? new { id = change.Product.Id } : Describe(change.Product), Compact);

    /// <returns>A typical body, or null for a topic that the app has no subscription for.</returns>
    public byte[]? Sample(string topic)
    {
        var domain = simulator.Value.Shop;
        var customer = new { id = 191167L, email = "john@example.com", phone = "555-625-1199" };
        object? body = topic switch
        {
            "products/create" or "products/update" => Describe(shop.Products[0]),
            "products/delete" => new { id = shop.Products[0].Id },
            Uninstalled => new { id = ShopId, name = ShopState.Name, domain, myshopify_domain = domain },
            "app/scopes_update" => new { id = 1, previous = Array.Empty<string>(), current = shop.GrantedScopes, updated_at = clock.GetUtcNow() },
            "customers/data_request" => new
            {
                shop_id = ShopId, shop_domain = domain, orders_requested = new[] { 299938L }, customer, data_request = new { id = 9999 },
            },
            "customers/redact" => new { shop_id = ShopId, shop_domain = domain, customer, orders_to_redact = new[] { 299938L } },
            "shop/redact" => new { shop_id = ShopId, shop_domain = domain },
            _ => null,
        };
        return body is null ? null : JsonSerializer.SerializeToUtf8Bytes(body, Compact);
    }

    private static object Describe(Product product) => new
    {
        id = product.Id,
        admin_graphql_api_id = product.Gid,
        title = product.Title,
        body_html = product.Description,
        vendor = product.Vendor,
        product_type = product.ProductType,
        handle = product.Handle,
        status = "active",
        tags = string.Join(", ", product.Tags),
        updated_at = product.UpdatedAt,
        variants = new[] { new { id = product.Id * 10, price = product.Price.ToString("0.00", CultureInfo.InvariantCulture) } },
    };
}
