using System.Linq.Expressions;
using ShopifyLlmGuard.Server.Jobs;

namespace ShopifyLlmGuard.Server;

/// <summary>All recurring work. Names, and the methods of <see cref="Rounds"/>, are stored in the database: treat them as schema.</summary>
internal static class Schedule
{
    public static IReadOnlyList<ScheduledRound> All { get; } =
    [
        // Records which features are live: time alone changes that too, when a pin ends.
        new("health", "*/10 * * * * *", rounds => rounds.HealthAsync(CancellationToken.None)),

        // Opens and ends incidents from what has been recorded.
        new("incidents", "*/10 * * * * *", rounds => rounds.IncidentsAsync(CancellationToken.None)),

        // Works off what Shopify sent, and what it should show.
        new("inbox", "*/10 * * * * *", rounds => rounds.InboxAsync(CancellationToken.None)),
        new("publish", "*/15 * * * * *", rounds => rounds.PublishAsync(CancellationToken.None)),

        // Keeps the catalogue right although webhooks may be lost, and tokens alive although nobody opens the app.
        new("catalog", "0 */5 * * * *", rounds => rounds.CatalogAsync(CancellationToken.None)),
        new("sync", "0 17 2 * * *", rounds => rounds.SyncAsync(CancellationToken.None)),

        // Forgets evidence whose time is over.
        new("retention", "0 */30 * * * *", rounds => rounds.RetentionAsync(CancellationToken.None)),
    ];
}

/// <summary>A job's name, its cron line (with seconds, UTC) and its one call.</summary>
internal sealed record ScheduledRound(string Name, string Cron, Expression<Func<Rounds, Task>> Call);
