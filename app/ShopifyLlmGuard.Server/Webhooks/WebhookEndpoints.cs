using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using ShopifyLlmGuard.Server.Jobs;
using ShopifyLlmGuard.Server.Trust;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Server.Webhooks;

internal static class WebhookEndpoints
{
    /// <summary>Shopify waits five seconds in all; the rest is for the network.</summary>
    private static readonly TimeSpan StoreWithin = TimeSpan.FromSeconds(3);

    public static IServiceCollection AddWebhooks(this IServiceCollection services) =>
        services.AddTransient<Inbox>().AddTransient<InboxRound>().AddTransient<DeliveryDesk>();

    public static void MapWebhooks(this IEndpointRouteBuilder app) => app.MapPost("/shopify", Receive);

    private static async Task<Results<Ok, BadRequest, StatusCodeHttpResult>> Receive(
        HttpContext context, Inbox inbox, Scheduler scheduler, TimeProvider clock)
    {
        var headers = context.Request.Headers;
        if (headers["X-Shopify-Webhook-Id"] is not [{ Length: > 0 and <= 200 } id]
            || headers["X-Shopify-Topic"] is not [{ Length: > 0 and <= 100 } topic]
            || headers["X-Shopify-Shop-Domain"] is not [{ } domain] || !ShopDomain.TryParse(domain, out var shop))
        {
            return TypedResults.BadRequest();
        }

        using var limit = new CancellationTokenSource(StoreWithin, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, context.RequestAborted);
        var body = context.Features.Get<ProvenBody>()!.Bytes;
        if (!await inbox.TryStoreAsync(id, shop, topic, TriggeredAt(headers, clock), body, either.Token))
        {
            // Makes Shopify deliver again, up to eight times in four hours.
            return TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }

        scheduler.Hurry(rounds => rounds.InboxAsync(CancellationToken.None));
        return TypedResults.Ok();
    }

    private static DateTimeOffset TriggeredAt(IHeaderDictionary headers, TimeProvider clock) =>
        DateTimeOffset.TryParse(headers["X-Shopify-Triggered-At"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? at.ToUniversalTime()
            : clock.GetUtcNow();
}
