namespace ShopifyLlmGuard.Simulator.Shop;

internal static class ShopModule
{
    public static IServiceCollection AddShop(this IServiceCollection services) => services
        .AddSingleton<Memory>()
        .AddSingleton<Metafields>()
        .AddSingleton<ShopState>()
        .AddSingleton<ThemeEditor>();
}
