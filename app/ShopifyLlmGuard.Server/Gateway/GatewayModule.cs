namespace ShopifyLlmGuard.Server.Gateway;

internal static class GatewayModule
{
    public static IServiceCollection AddGateway(this IServiceCollection services) => services.AddSingleton<KeyDesk>();
}
