using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Server.Webhooks;

/// <summary>How long the inbox remembers.</summary>
internal static class InboxRetention
{
    /// <summary>
    /// A processed delivery is known for so long, to see a copy of it; Shopify itself repeats one for two days at most. One that
    /// was given up keeps its body for so long, for a person to look at; its row and its error stay.
    /// </summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    public static async Task TidyAsync(GuardDb db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var before = now - Kept;
        await db.WebhookDeliveries.Where(delivery => delivery.ProcessedAt < before).ExecuteDeleteAsync(cancellationToken);
        await db.WebhookDeliveries
            .Where(delivery => delivery.ProcessedAt == null && delivery.ReceivedAt < before && delivery.Body != null
                && delivery.Attempts >= WebhookDelivery.MaximumAttempts)
            .ExecuteUpdateAsync(delivery => delivery.SetProperty(d => d.Body, (string?)null), cancellationToken);
    }
}
