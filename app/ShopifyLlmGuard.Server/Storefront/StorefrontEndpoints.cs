using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Mvc;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Recommendations;
using ShopifyLlmGuard.Server.Trust;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Server.Storefront;

internal static class StorefrontEndpoints
{
    private const int LargestQuestion = 16 * 1024;

    public static IServiceCollection AddStorefront(this IServiceCollection services)
    {
        services.AddSingleton<LastResort>();
        services.Configure<RouteHandlerOptions>(handlers => handlers.ThrowOnBadRequest = false);
        return services.AddValidation().AddProblemDetails();
    }

    /// <summary>Says in JSON what was wrong with a request that is refused.</summary>
    public static IApplicationBuilder UseProblems(this IApplicationBuilder app) =>
        app.UseWhen(context => context.Request.Path.StartsWithSegments("/proxy"), proxy => proxy.UseStatusCodePages());

    public static void MapStorefront(this IEndpointRouteBuilder app)
    {
        app.MapGet("/recommendations", Recommend).RequireRateLimiting(ClientLimits.Recommendations);
        app.MapPost("/chat", Ask).RequireRateLimiting(ClientLimits.Chat).WithMetadata(new RequestSizeLimitAttribute(LargestQuestion));
    }

    private static Task<ShopperAnswer> Recommend(
        [FromQuery(Name = "product_id"), Range(1, long.MaxValue)] long productId, [Range(1, 10)] int? limit,
        Recommender recommender, LastResort lastResort, CurrentShop shop, HttpContext context, CancellationToken cancellationToken) =>
        ShopperAnswer.TimeAsync(
            () => recommender.RecommendAsync(shop.Domain, productId, limit ?? 4, Visitor.Of(context, shop.Domain), cancellationToken),
            exception => lastResort.Recommendations(exception));

    private static Task<ShopperAnswer> Ask(
        ChatRequest request, ChatAssistant assistant, LastResort lastResort, CurrentShop shop, HttpContext context, CancellationToken cancellationToken) =>
        ShopperAnswer.TimeAsync(
            () => assistant.AnswerAsync(shop.Domain, request.ToQuestion() with { Visitor = Visitor.Of(context, shop.Domain) }, cancellationToken),
            exception => lastResort.Chat(shop.Domain, request.Message, exception));
}
