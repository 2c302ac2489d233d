using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Server.Shopify;

internal static class ShopifyModule
{
    public static IServiceCollection AddShopify(this IServiceCollection services)
    {
        services.AddOptions<ShopifyOptions>().BindConfiguration("Shopify").ValidateOnStart();
        services.AddSingleton<IValidateOptions<ShopifyOptions>, ShopifyOptionsRules>();
        services.AddHttpClient<HttpShopifyAdmin>(Limit).ConfigurePrimaryHttpMessageHandler(Handler).RemoveAllLoggers();
#if PUBLIC_FEED
        services.AddTransient<ToShopUrl>();
        services.AddHttpClient<IShopifyAdmin, ShopifySharpAdmin>(Limit)
            .AddHttpMessageHandler<ToShopUrl>().ConfigurePrimaryHttpMessageHandler(Handler).RemoveAllLoggers();
#else
        services.AddTransient<IShopifyAdmin>(provider => provider.GetRequiredService<HttpShopifyAdmin>());
#endif
        return services.AddTransient<ShopAdmin>().AddTransient<Installation>().AddTransient<PublishRound>().AddTransient<CatalogSync>();
    }

    private static void Limit(HttpClient client)
    {
        client.Timeout = Timeout.InfiniteTimeSpan; // Each call has its own limit.
        client.MaxResponseContentBufferSize = 16 * 1024 * 1024;
    }

    // No redirects: a request that carries a token goes to the shop's own address or nowhere.
    private static SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(3),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        UseCookies = false,
    };
}
