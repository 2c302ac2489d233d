using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Server.Shopify;

/// <summary>Makes Shopify hold what the guard decided. Compares states, not events: a lost change is found by the next round.</summary>
internal sealed partial class PublishRound(ShopAdmin admin, PublicationDesk desk, Snapshots snapshots, ILogger<PublishRound> logger)
{
    /// <summary>As many metafields as one call takes.</summary>
    private const int Batch = 25;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var shop in snapshots.Current.Shops.Keys)
        {
            await PublishAsync(shop, cancellationToken);
        }
    }

    private async Task PublishAsync(string shop, CancellationToken cancellationToken)
    {
        while (await desk.PendingAsync(shop, Batch, cancellationToken) is { Count: > 0 } pending)
        {
            var reply = await admin.RunAsync(shop, AdminDocument.SetMetafields, new { metafields = pending.Select(Input) }, cancellationToken);
            if (reply is not AdminReply.Done { Data: var data })
            {
                Log.NotPublished(logger, shop, pending.Count, reply.GetType().Name);
                return;
            }

            // All or nothing: one refused metafield keeps the whole batch out.
            var errors = data.GetProperty("metafieldsSet").GetProperty("userErrors");
            if (errors.GetArrayLength() > 0)
            {
                Log.NotPublished(logger, shop, pending.Count, errors[0].GetProperty("message").GetString());
                return;
            }

            await desk.ConfirmAsync(shop, pending, cancellationToken);
        }
    }

    private static object Input(Publication publication) => new
    {
        ownerId = publication.Owner, @namespace = Publication.Namespace, key = publication.Key, type = "json", value = publication.Json,
    };

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Shop}: {Count} metafields are not published yet: {Why}.")]
        public static partial void NotPublished(ILogger logger, string shop, int count, string? why);
    }
}
