namespace ShopifyLlmGuard.Server.Ops.Desks;

internal static class DeskModule
{
    public static IServiceCollection AddDesks(this IServiceCollection services) =>
        services.AddSingleton<EndpointCommand>().AddSingleton<EvidenceCommand>();
}
