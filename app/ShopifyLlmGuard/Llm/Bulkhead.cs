using System.Collections.Concurrent;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Llm;

/// <summary>Limits how many calls run at once, per feature and within it per shop, so that no shop can starve another.</summary>
internal sealed class Bulkhead(IOptions<LlmOptions> llm, IOptions<TimeOptions> times, TimeProvider clock) : IDisposable
{
    private readonly ConcurrentDictionary<string, ConcurrencyLimiter> features = new();
    private readonly ConcurrentDictionary<(string Shop, string Feature), ConcurrencyLimiter> shops = new();

    /// <summary>A place, to be given back by disposing it; null when none was free in time.</summary>
    public async Task<IDisposable?> EnterAsync(string shop, string feature, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(times.Value.Bulkhead, clock);
        using var until = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        var options = llm.Value.Bulkhead;
        var own = await TakeAsync(shops.GetOrAdd((shop, feature), _ => Limit(options.PerShop)), until.Token);
        if (own is null)
        {
            return null;
        }

        var shared = await TakeAsync(features.GetOrAdd(feature, _ => Limit(options.PerFeature)), until.Token);
        if (shared is null)
        {
            own.Dispose();
            return null;
        }

        return new Place(own, shared);
    }

    public void Dispose()
    {
        foreach (var limiter in features.Values.Concat(shops.Values))
        {
            limiter.Dispose();
        }
    }

    private static async Task<RateLimitLease?> TakeAsync(ConcurrencyLimiter limiter, CancellationToken cancellationToken)
    {
        var lease = limiter.AttemptAcquire();
        if (lease.IsAcquired)
        {
            return lease;
        }

        var waiting = limiter.AcquireAsync(1, cancellationToken).AsTask();
        await ((Task)waiting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return waiting is { IsCompletedSuccessfully: true, Result: { IsAcquired: true } taken } ? taken : null;
    }

    private static ConcurrencyLimiter Limit(int permits) => new(new ConcurrencyLimiterOptions
    {
        PermitLimit = permits,
        QueueLimit = permits,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    private sealed class Place(RateLimitLease own, RateLimitLease shared) : IDisposable
    {
        public void Dispose()
        {
            shared.Dispose();
            own.Dispose();
        }
    }
}
