using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Server.Webhooks;

/// <summary>
/// Works off the inbox: one server at a time, in the order in which things happened, each delivery until it succeeds or has
/// failed too often. An attempt is counted before it is made, so that a delivery which kills the process is given up as well.
/// </summary>
internal sealed partial class InboxRound(
    IDbContextFactory<GuardDb> databases, DeliveryDesk desk, TimeProvider clock, ILogger<InboxRound> logger)
{
    private const int AtOnce = 200;

    // Counted from the arrival. Together as long as Shopify itself would try.
    private static readonly TimeSpan[] DueAfter =
    [
        TimeSpan.Zero, TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15),
        TimeSpan.FromMinutes(45), TimeSpan.FromHours(2), TimeSpan.FromHours(4),
    ];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.Database.OpenConnectionAsync(cancellationToken);
        if (!await TryLockAsync(db, cancellationToken))
        {
            return;
        }

        try
        {
            await WorkOffAsync(db, cancellationToken);
            await InboxRetention.TidyAsync(db, clock.GetUtcNow(), cancellationToken);
        }
        finally
        {
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock(hashtextextended('guard inbox', 0))", CancellationToken.None);
        }
    }

    private static async Task<bool> TryLockAsync(GuardDb db, CancellationToken cancellationToken) =>
        (await db.Database.SqlQuery<bool>($"SELECT pg_try_advisory_lock(hashtextextended('guard inbox', 0)) AS \"Value\"")
            .ToListAsync(cancellationToken))[0];

    private async Task WorkOffAsync(GuardDb db, CancellationToken cancellationToken)
    {
        var waiting = await db.WebhookDeliveries
            .Where(delivery => delivery.ProcessedAt == null && delivery.Attempts < WebhookDelivery.MaximumAttempts)
            .OrderBy(delivery => delivery.TriggeredAt).ThenBy(delivery => delivery.ReceivedAt).ThenBy(delivery => delivery.Id)
            .Take(AtOnce).ToListAsync(cancellationToken);

        // What waits for another attempt holds up what happened to the same thing later, and nothing else.
        var heldUp = new HashSet<string>(StringComparer.Ordinal);
        foreach (var delivery in waiting)
        {
            var subject = $"{delivery.Shop} {DeliveryDesk.SubjectOf(delivery)}";
            if (heldUp.Contains(subject) || delivery.ReceivedAt + DueAfter[delivery.Attempts] > clock.GetUtcNow()
                || !await ProcessAsync(db, delivery, cancellationToken))
            {
                heldUp.Add(subject);
            }
        }
    }

    private async Task<bool> ProcessAsync(GuardDb db, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        // What came before it in this very round may have emptied or deleted it.
        await db.Entry(delivery).ReloadAsync(cancellationToken);
        if (db.Entry(delivery).State == EntityState.Detached)
        {
            return true;
        }

        delivery.Attempts++;
        await db.SaveChangesAsync(cancellationToken);
        var outcome = await TryAsync(delivery, cancellationToken);
        delivery.Error = outcome.Reason;
        if (outcome.IsOver)
        {
            delivery.ProcessedAt = clock.GetUtcNow();
            delivery.Body = null; // It may name a customer, and nobody needs it any more.
        }
        else
        {
            Tell(delivery);
        }

        await db.SaveChangesAsync(cancellationToken);
        return outcome.IsOver;
    }

    private async Task<Outcome> TryAsync(WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        try
        {
            return await desk.ProcessAsync(delivery, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return Outcome.Later(exception.GetType().Name);
        }
    }

    private void Tell(WebhookDelivery delivery)
    {
        if (delivery.Attempts < WebhookDelivery.MaximumAttempts)
        {
            Log.Failed(logger, delivery.Shop, delivery.Topic, delivery.Attempts, delivery.Error!);
        }
        else
        {
            Log.GivenUp(logger, delivery.Shop, delivery.Topic, delivery.Id, delivery.Error!);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Shop}: {Topic} failed in attempt {Attempt} ({Why}).")]
        public static partial void Failed(ILogger logger, string shop, string topic, int attempt, string why);

        [LoggerMessage(Level = LogLevel.Error, Message = "{Shop}: {Topic} is given up; delivery {Id} stays in the inbox ({Why}).")]
        public static partial void GivenUp(ILogger logger, string shop, string topic, string id, string why);
    }
}
