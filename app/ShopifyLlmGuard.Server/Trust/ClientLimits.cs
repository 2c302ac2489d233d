using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Server.Trust;

/// <summary>How much one client of one shop may ask. Section <c>ClientLimits</c>.</summary>
internal sealed class ClientLimitOptions
{
    // A clinic's visitors share one address, so these stop a script, not a waiting room.
    [Range(1, 1_000_000)] public int ChatsPerMinute { get; set; } = 60;

    [Range(1, 1_000_000)] public int RecommendationsPerMinute { get; set; } = 1200;
}

internal static class ClientLimits
{
    public const string Chat = "chat", Recommendations = "recommendations";

    public static void AddClientLimits(this IServiceCollection services)
    {
        services.AddOptions<ClientLimitOptions>().BindConfiguration("ClientLimits").ValidateDataAnnotations().ValidateOnStart();
        services.AddRateLimiter(limiter =>
        {
            limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            limiter.OnRejected = SayWhenAsync;
            limiter.AddPolicy(Chat, context => PartitionOf(context, Chat, options => options.ChatsPerMinute));
            limiter.AddPolicy(Recommendations, context => PartitionOf(context, Recommendations, options => options.RecommendationsPerMinute));
        });
    }

    private static RateLimitPartition<(string, string, string)> PartitionOf(HttpContext context, string name, Func<ClientLimitOptions, int> perMinute)
    {
        var shop = context.RequestServices.GetRequiredService<CurrentShop>().Domain;
        return RateLimitPartition.GetTokenBucketLimiter((name, shop, ClientAddress.Of(context)), _ =>
        {
            var limit = perMinute(context.RequestServices.GetRequiredService<IOptions<ClientLimitOptions>>().Value);
            return new() { TokenLimit = limit, TokensPerPeriod = limit, ReplenishmentPeriod = TimeSpan.FromMinutes(1), QueueLimit = 0 };
        });
    }

    private static ValueTask SayWhenAsync(OnRejectedContext context, CancellationToken cancellationToken)
    {
        if (context.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after))
        {
            context.HttpContext.Response.Headers.RetryAfter = Math.Ceiling(after.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        return ValueTask.CompletedTask;
    }
}
