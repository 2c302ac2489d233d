namespace ShopifyLlmGuard.Simulator.Storefront;

internal static class StorefrontModule
{
    public static IServiceCollection AddStorefront(this IServiceCollection services) => services;

    public static IEndpointRouteBuilder MapStorefront(this IEndpointRouteBuilder routes) => routes;
}
