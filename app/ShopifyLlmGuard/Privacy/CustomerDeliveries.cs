using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Privacy;

/// <summary>The only rows that can name a customer: customer webhooks that still wait, or that were given up.</summary>
internal static class CustomerDeliveries
{
    /// <summary>The other deliveries that name the same customer as this one; none when it names nobody.</summary>
    public static async Task<List<WebhookDelivery>> LikeAsync(GuardDb db, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        if (CustomerOf(delivery) is not { } customer)
        {
            return [];
        }

        var candidates = await db.WebhookDeliveries
            .Where(row => row.Shop == delivery.Shop && row.Id != delivery.Id && row.ProcessedAt == null && row.Body != null &&
                row.Topic.StartsWith("customers/"))
            .ToListAsync(cancellationToken);
        return candidates.FindAll(candidate => CustomerOf(candidate) == customer);
    }

    /// <summary>
    /// Takes the customer out. What was given up loses its body; what waits keeps the shop, which is all that it takes to
    /// carry it out: a data request must still be answered.
    /// </summary>
    public static void Empty(WebhookDelivery delivery) => delivery.Body = delivery.Attempts >= WebhookDelivery.MaximumAttempts
        ? null
        : JsonSerializer.Serialize(new { shop_domain = delivery.Shop });

    private static string? CustomerOf(WebhookDelivery delivery)
    {
        try
        {
            using var body = JsonDocument.Parse(delivery.Body ?? "{}");
            return body.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("customer", out var customer)
                && customer.ValueKind == JsonValueKind.Object && customer.TryGetProperty("id", out var id)
                && id.ValueKind is JsonValueKind.Number or JsonValueKind.String
                ? id.ToString()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
