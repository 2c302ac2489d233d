using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Server.Shopify;

/// <summary>
/// Makes Shopify hold what the guard decided, for every shop in the outbox. What goes out is the state of that moment, so a lost
/// or doubled call does no harm. A change of very many shops is worked off by a few calls at a time, and a shop's own change
/// has calls of its own beside them.
/// </summary>
internal sealed partial class PublishRound(ShopAdmin admin, PublicationDesk desk, Outbox outbox, TimeProvider clock, ILogger<PublishRound> logger)
{
    /// <summary>As many metafields as one call takes.</summary>
    private const int Batch = 25;

    private const int OwnAtOnce = 2, BulkAtOnce = 8;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250), NoToken = TimeSpan.FromHours(1);

    /// <summary>Works until nothing is due any more.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var everything = WorkOffAsync(BulkAtOnce, ownOnly: false, cancellationToken);
        while (await WorkOffAsync(OwnAtOnce, ownOnly: true, cancellationToken) || !everything.IsCompleted)
        {
            await Task.WhenAny(everything, Task.Delay(LookAgain, clock, cancellationToken));
        }

        await everything;
    }

    /// <summary>Returns whether there was anything.</summary>
    private async Task<bool> WorkOffAsync(int atOnce, bool ownOnly, CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellationToken };
        for (var worked = false; ; worked = true)
        {
            // No more than can begin now: a claim is short, and a killed server should leave few of them.
            var claimed = await outbox.ClaimAsync(atOnce, ownOnly, cancellationToken);
            if (claimed.Count == 0)
            {
                return worked;
            }

            await Parallel.ForEachAsync(claimed, parallel, async (row, token) => await PublishAsync(row, token));
        }
    }

    private async Task PublishAsync(OutboxRow row, CancellationToken cancellationToken)
    {
        var pending = await desk.PendingAsync(row.Shop, Batch, row.Products, cancellationToken);
        if (pending.Count == 0)
        {
            await outbox.DoneAsync(row, cancellationToken);
            return;
        }

        // Waiting is the outbox's business: a shop that is throttled must not keep the others from their turn.
        var reply = await admin.RunAsync(
            row.Shop, AdminDocument.SetMetafields, new { metafields = pending.Select(Input) }, cancellationToken, isPatient: false);
        var (trouble, after) = Outcome(row, reply);
        if (trouble is not null)
        {
            if (row.Attempts == 0)
            {
                Log.NotPublished(logger, row.Shop, pending.Count, trouble);
            }

            await outbox.AgainAsync(row, after, trouble, cancellationToken);
            return;
        }

        await desk.ConfirmAsync(row.Shop, pending, cancellationToken);
        await (pending.Count < Batch ? outbox.DoneAsync(row, cancellationToken) : outbox.AgainAsync(row, after, null, cancellationToken));
    }

    // All or nothing: one refused metafield keeps the whole batch out.
    private static (string? Trouble, TimeSpan After) Outcome(OutboxRow row, AdminReply reply) => reply switch
    {
        AdminReply.Done { Data: var data, Pause: var pause } => Refusal(data) is { } refusal ? (refusal, Backoff(row)) : (null, pause),
        AdminReply.Throttled { After: var wait } => (nameof(AdminReply.Throttled), wait),
        AdminReply.Unauthorized => (nameof(AdminReply.Unauthorized), NoToken),
        _ => (reply.GetType().Name, Backoff(row)),
    };

    private static string? Refusal(System.Text.Json.JsonElement data)
    {
        var errors = data.GetProperty("metafieldsSet").GetProperty("userErrors");
        return errors.GetArrayLength() > 0 ? errors[0].GetProperty("message").GetString() : null;
    }

    // Fifteen seconds, doubled with every failure in a row, up to an hour.
    private static TimeSpan Backoff(OutboxRow row) => TimeSpan.FromSeconds(Math.Min(3600, 15 * Math.Pow(2, Math.Min(row.Attempts, 10))));

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
