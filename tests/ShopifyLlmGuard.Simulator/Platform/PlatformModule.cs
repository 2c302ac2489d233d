namespace ShopifyLlmGuard.Simulator.Platform;

internal static class PlatformModule
{
    public static IServiceCollection AddPlatform(this IServiceCollection services) => services;

    public static IEndpointRouteBuilder MapPlatform(this IEndpointRouteBuilder routes) => routes;
}
