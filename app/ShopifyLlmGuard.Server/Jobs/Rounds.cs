using Hangfire;
using ShopifyLlmGuard.Catalog;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Incidents;
using ShopifyLlmGuard.Server.Shopify;
using ShopifyLlmGuard.Server.Webhooks;

namespace ShopifyLlmGuard.Server.Jobs;

/// <summary>
/// The entry points of recurring work. A round that fails is not repeated: the next one comes anyway, and starts from what is
/// true then. Each round runs once at a time in this process.
/// </summary>
[AutomaticRetry(Attempts = 0)]
public sealed class Rounds
{
    private readonly IServiceProvider services;
    private readonly RunningRounds running;

    internal Rounds(IServiceProvider services, RunningRounds running) => (this.services, this.running) = (services, running);

    public Task HealthAsync(CancellationToken cancellationToken) =>
        OnceAsync("health", () => Get<HealthRound>().RecordAsync(cancellationToken));

    public Task IncidentsAsync(CancellationToken cancellationToken) =>
        OnceAsync("incidents", () => Get<IncidentRound>().RunAsync(cancellationToken));

    public Task InboxAsync(CancellationToken cancellationToken) =>
        OnceAsync("inbox", () => Get<InboxRound>().RunAsync(cancellationToken));

    public Task PublishAsync(CancellationToken cancellationToken) =>
        OnceAsync("publish", () => Get<PublishRound>().RunAsync(cancellationToken));

    public Task CatalogAsync(CancellationToken cancellationToken) =>
        OnceAsync("catalog", async () =>
        {
            await Get<Installation>().CompleteAsync(all: false, cancellationToken);
            await Get<CatalogSync>().RunForNewShopsAsync(cancellationToken);
            await Get<CatalogRound>().RunAsync(cancellationToken);
            await PublishAsync(cancellationToken);
        });

    public Task SyncAsync(CancellationToken cancellationToken) =>
        OnceAsync("sync", async () =>
        {
            await Get<Installation>().CompleteAsync(all: true, cancellationToken);
            await Get<CatalogSync>().RunAsync(cancellationToken);
        });

    public Task RetentionAsync(CancellationToken cancellationToken) =>
        OnceAsync("retention", () => Get<EvidenceRetention>().RunAsync(cancellationToken));

    private async Task OnceAsync(string name, Func<Task> run)
    {
        if (running.TryBegin(name))
        {
            try
            {
                await run();
            }
            finally
            {
                running.End(name);
            }
        }
    }

    private T Get<T>() where T : notnull => services.GetRequiredService<T>();
}
