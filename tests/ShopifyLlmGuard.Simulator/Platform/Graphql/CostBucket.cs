using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Simulator.Platform.Graphql;

/// <summary>The leaky bucket that a shop grants to an app.</summary>
internal sealed class CostBucket(IOptions<PlatformOptions> platform, TimeProvider clock)
{
    private readonly Lock gate = new();
    private double spent;
    private DateTimeOffset at = clock.GetUtcNow();

    public int Maximum => platform.Value.GraphqlBucket;

    public int RestoreRate => platform.Value.GraphqlRestoreRate;

    /// <returns>Whether a call of this cost may start now; nothing is taken yet.</returns>
    public bool Allows(int cost) => cost <= Available();

    public int Take(int cost)
    {
        lock (gate)
        {
            Leak();
            spent = Math.Min(Maximum, spent + cost);
            return (int)(Maximum - spent);
        }
    }

    public int Available() => Take(0);

    private void Leak()
    {
        var now = clock.GetUtcNow();
        spent = Math.Max(0, spent - ((now - at).TotalSeconds * RestoreRate));
        at = now;
    }
}
