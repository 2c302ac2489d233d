using ShopifyLlmGuard.Simulator.Platform.Graphql;
using ShopifyLlmGuard.Simulator.Platform.Tokens;
using ShopifyLlmGuard.Simulator.Platform.Webhooks;

namespace ShopifyLlmGuard.Simulator.Platform;

/// <summary>Shopify's servers as the app sees them: tokens, the Admin API, webhooks.</summary>
internal static class PlatformModule
{
    public static IServiceCollection AddPlatform(this IServiceCollection services)
    {
        services.AddOptions<PlatformOptions>().BindConfiguration(PlatformOptions.Section);
        services.AddHttpClient(FirstOpen.Client).ConfigureHttpClient(client => client.Timeout = TimeSpan.FromSeconds(30))
            .RemoveAllLoggers();
        services.AddHttpClient(WebhookSender.Client).ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectTimeout = TimeSpan.FromSeconds(1),
        }).RemoveAllLoggers();
        return services
            .AddSingleton<Installation>()
            .AddSingleton<AppDocument>()
            .AddSingleton<IdTokens>()
            .AddSingleton<TokenDesk>()
            .AddSingleton<SchemaFile>()
            .AddSingleton<AccessScopes>()
            .AddSingleton<MetafieldGraph>()
            .AddSingleton<ProductGraph>()
            .AddSingleton<ShopGraph>()
            .AddSingleton<CostBucket>()
            .AddSingleton<AdminApi>()
            .AddSingleton<WebhookPayloads>()
            .AddSingleton<WebhookSender>()
            .AddHostedService(provider => provider.GetRequiredService<WebhookSender>())
            .AddHostedService<ProductWebhooks>()
            .AddHostedService<FirstOpen>();
    }

    public static IEndpointRouteBuilder MapPlatform(this IEndpointRouteBuilder routes)
    {
        routes.MapTokens();
        routes.MapGraphql();
        routes.MapWebhooks();
        return routes;
    }
}
