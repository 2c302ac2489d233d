using System.Text;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Server.Webhooks;

/// <summary>Keeps what Shopify delivered until it is processed. A webhook id is kept once, however often it comes.</summary>
internal sealed partial class Inbox(IDbContextFactory<GuardDb> databases, TimeProvider clock, ILogger<Inbox> logger)
{
    /// <returns>False when the database did not take it: then Shopify must deliver again.</returns>
    public async Task<bool> TryStoreAsync(
        string id, string shop, string topic, DateTimeOffset triggeredAt, byte[] body, CancellationToken cancellationToken)
    {
        try
        {
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            await db.Database.ExecuteSqlAsync(
                $"""
                 INSERT INTO guard.webhook_deliveries (id, shop, topic, triggered_at, received_at, body, attempts)
                 VALUES ({id}, {shop}, {topic}, {triggeredAt.ToUniversalTime()}, {clock.GetUtcNow()}, {Encoding.UTF8.GetString(body)}, 0)
                 ON CONFLICT (id) DO NOTHING
                 """, cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is NpgsqlException or OperationCanceledException or TimeoutException or InvalidOperationException)
        {
            Log.NotStored(logger, shop, topic, exception.GetType().Name);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "{Shop}: {Topic} could not be stored ({Why}); Shopify will deliver it again.")]
        public static partial void NotStored(ILogger logger, string shop, string topic, string why);
    }
}
