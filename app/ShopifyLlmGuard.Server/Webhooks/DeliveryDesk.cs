using System.Globalization;
using System.Text.Json;
using ShopifyLlmGuard.Catalog;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Privacy;
using ShopifyLlmGuard.Server.Shopify;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Server.Webhooks;

/// <summary>
/// Does what a delivery asks. Everything here may happen twice. Only the body is signed, not the headers, so a delivery is
/// taken as a hint wherever Shopify can be asked what is true.
/// </summary>
internal sealed partial class DeliveryDesk(
    ShopAdmin admin, ShopRegistry shops, ProductCatalog catalog, PrivacyDesk privacy, TimeProvider clock, ILogger<DeliveryDesk> logger)
{
    private const string StillInstalled = "still-installed", ShopifyUnavailable = "shopify-unavailable";

    /// <summary>What the delivery is about: deliveries about the same thing are processed in order.</summary>
    public static string SubjectOf(WebhookDelivery delivery) =>
        delivery.Topic.StartsWith("products/", StringComparison.Ordinal) && TryReadId(delivery, out var id)
            ? $"product {id.ToString(CultureInfo.InvariantCulture)}"
            : delivery.Topic.StartsWith("products/", StringComparison.Ordinal) ? "products" : "shop";

    public Task<Outcome> ProcessAsync(WebhookDelivery delivery, CancellationToken cancellationToken) => delivery.Topic switch
    {
        "app/uninstalled" => UninstallAsync(delivery, cancellationToken),
        "products/create" or "products/update" => RefreshAsync(delivery, cancellationToken),
        "products/delete" => RemoveAsync(delivery, cancellationToken),
        "customers/data_request" => ExportAsync(delivery, cancellationToken),
        "customers/redact" => RedactCustomerAsync(delivery, cancellationToken),
        "shop/redact" => RedactShopAsync(delivery, cancellationToken),
        _ => Ignore(delivery),
    };

    // A late message about an earlier uninstallation must not remove the app from a shop that has it again.
    private async Task<Outcome> UninstallAsync(WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        switch (await HasTheAppAsync(delivery.Shop, cancellationToken))
        {
            case true:
                Log.StillInstalled(logger, delivery.Shop, delivery.Topic);
                return Outcome.Stopped(StillInstalled);
            case null:
                return Outcome.Later(ShopifyUnavailable);
            default:
                await shops.UninstallAsync(delivery.Shop, delivery.TriggeredAt, cancellationToken);
                return Outcome.Done;
        }
    }

    // The message about the uninstallation may have been lost, so the shop is asked, and leaves first.
    private async Task<Outcome> RedactShopAsync(WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        if (!IsAboutItsShop(delivery))
        {
            return Outcome.Later("another-shop");
        }

        var has = await HasTheAppAsync(delivery.Shop, cancellationToken);
        if (has is null)
        {
            return Outcome.Later(ShopifyUnavailable);
        }

        if (has is false)
        {
            await shops.UninstallAsync(delivery.Shop, delivery.TriggeredAt, cancellationToken);
            if (await privacy.RedactShopAsync(delivery.Shop, delivery.Id, cancellationToken))
            {
                return Outcome.Done;
            }
        }

        Log.StillInstalled(logger, delivery.Shop, delivery.Topic);
        return Outcome.Stopped(StillInstalled);
    }

    /// <summary>Whether Shopify says that the shop has the app now; null when Shopify says nothing.</summary>
    private async Task<bool?> HasTheAppAsync(string shop, CancellationToken cancellationToken) =>
        await admin.RunAsync(shop, AdminDocument.Installation, null, cancellationToken) switch
        {
            AdminReply.Done => true,
            AdminReply.Unavailable or AdminReply.Throttled => null,
            _ => false,
        };

    private async Task<Outcome> RefreshAsync(WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        if (shops.Profile(delivery.Shop) is null)
        {
            return Outcome.Done;
        }

        if (!TryReadId(delivery, out var id))
        {
            return Outcome.Later("no-product-id");
        }

        var asked = clock.GetUtcNow();
        var reply = await admin.RunAsync(delivery.Shop, AdminDocument.Product, new { id = AdminProduct.GidOf(id) }, cancellationToken);
        if (reply is not AdminReply.Done { Data: var data })
        {
            return Outcome.Later($"shopify-{reply.GetType().Name.ToLowerInvariant()}");
        }

        var product = data.GetProperty("product");
        if (product.ValueKind != JsonValueKind.Object)
        {
            await catalog.RemoveAsync(delivery.Shop, id, asked, cancellationToken);
        }
        else if (AdminProduct.IsForSale(product))
        {
            await catalog.UpsertAsync(delivery.Shop, [AdminProduct.Read(product)], cancellationToken);
        }
        else
        {
            await catalog.RemoveAsync(delivery.Shop, id, AdminProduct.UpdatedAt(product), cancellationToken);
        }

        return Outcome.Done;
    }

    private async Task<Outcome> RemoveAsync(WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        if (!TryReadId(delivery, out var id))
        {
            return Outcome.Later("no-product-id");
        }

        await catalog.RemoveAsync(delivery.Shop, id, delivery.TriggeredAt, cancellationToken);
        return Outcome.Done;
    }

    private async Task<Outcome> ExportAsync(WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        if (!IsAboutItsShop(delivery))
        {
            return Outcome.Later("another-shop");
        }

        await privacy.ExportAsync(delivery, cancellationToken);
        return Outcome.Done;
    }

    private async Task<Outcome> RedactCustomerAsync(WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        if (!IsAboutItsShop(delivery))
        {
            return Outcome.Later("another-shop");
        }

        await privacy.RedactCustomerAsync(delivery, cancellationToken);
        return Outcome.Done;
    }

    private Task<Outcome> Ignore(WebhookDelivery delivery)
    {
        Log.Unknown(logger, delivery.Shop, delivery.Topic);
        return Task.FromResult(Outcome.Done);
    }

    private static bool IsAboutItsShop(WebhookDelivery delivery)
    {
        using var body = JsonDocument.Parse(delivery.Body ?? "{}");
        return body.RootElement.TryGetProperty("shop_domain", out var domain) && domain.GetString() == delivery.Shop;
    }

    private static bool TryReadId(WebhookDelivery delivery, out long id)
    {
        id = 0;
        try
        {
            using var body = JsonDocument.Parse(delivery.Body ?? "{}");
            return body.RootElement.ValueKind == JsonValueKind.Object && body.RootElement.TryGetProperty("id", out var value)
                && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out id);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Shop}: nothing is done for {Topic}, because the shop has the app.")]
        public static partial void StillInstalled(ILogger logger, string shop, string topic);

        [LoggerMessage(Level = LogLevel.Information, Message = "{Shop}: nothing to do for {Topic}.")]
        public static partial void Unknown(ILogger logger, string shop, string topic);
    }
}
