using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Health;

/// <summary>The scheduled health round: probe, decide, apply.</summary>
public sealed class HealthRound(ServingLedger ledger)
{
    /// <summary>Probes every endpoint once, and changes what the guard thinks of it if the rules say so.</summary>
    public Task RunAsync(CancellationToken cancellationToken = default) => ledger.RecordAsync(cancellationToken);
}
