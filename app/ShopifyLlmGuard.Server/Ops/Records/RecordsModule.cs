namespace ShopifyLlmGuard.Server.Ops.Records;

internal static class RecordsModule
{
    public static IServiceCollection AddRecords(this IServiceCollection services) =>
        services.AddSingleton<IncidentCommand>().AddSingleton<AuditCommand>();
}
