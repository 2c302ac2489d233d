using System.Collections.Concurrent;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http.Features;
using ShopifyLlmGuard.Gateway;
using ShopifyLlmGuard.Server.Gateway;

namespace ShopifyLlmGuard.Server.Trust;

/// <summary>How much one key may ask: a rate, and how many calls may run at the same time.</summary>
internal sealed class GatewayLimits : IDisposable
{
    private readonly ConcurrentDictionary<string, (RateLimiter Rate, RateLimiter AtOnce)> limits = new();

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var key = http.Features.GetRequiredFeature<GatewayKeyProfile>();
        var (rate, atOnce) = limits.GetOrAdd(key.Id, static (_, key) => Of(key), key);

        // The place first: a call that finds none has not been made, and is not counted.
        var place = atOnce.AttemptAcquire();
        http.Features.Set(place);
        http.Response.RegisterForDispose(place);
        if (!place.IsAcquired)
        {
            return GatewayError.TooManyAtOnce;
        }

        using var call = rate.AttemptAcquire();
        return call.IsAcquired
            ? await next(context)
            : GatewayError.TooMany(call.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(1));
    }

    public void Dispose()
    {
        foreach (var (rate, atOnce) in limits.Values)
        {
            rate.Dispose();
            atOnce.Dispose();
        }
    }

    // A whole minute's calls may come at once; what is spent comes back evenly.
    private static (RateLimiter Rate, RateLimiter AtOnce) Of(GatewayKeyProfile key)
    {
        var perPeriod = Math.Max(1, key.PerMinute / 60);
        var rate = new TokenBucketRateLimiter(new()
        {
            TokenLimit = key.PerMinute, TokensPerPeriod = perPeriod, QueueLimit = 0, ReplenishmentPeriod = TimeSpan.FromMinutes(1) * perPeriod / key.PerMinute,
        });
        return (rate, new ConcurrencyLimiter(new() { PermitLimit = key.AtOnce, QueueLimit = 0 }));
    }
}

internal static class GatewayLimitExtensions
{
    public static RouteHandlerBuilder LimitPerKey(this RouteHandlerBuilder builder) => builder.AddEndpointFilter(
        static (context, next) => context.HttpContext.RequestServices.GetRequiredService<GatewayLimits>().InvokeAsync(context, next));

    /// <summary>Gives the call's place back before its last words are written: whoever has read them may ask again at once.</summary>
    public static void GiveBackPlace(this HttpContext http) => http.Features.Get<RateLimitLease>()?.Dispose();
}
