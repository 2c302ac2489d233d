using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Incidents.Answers;
using ShopifyLlmGuard.Incidents.Export;
using ShopifyLlmGuard.Llm.Endpoints;

namespace ShopifyLlmGuard.Incidents;

internal static class IncidentsModule
{
    public static IServiceCollection AddIncidents(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<IncidentOptions>().Bind(configuration.GetSection("Incidents")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<IncidentOptions>, IncidentOptionRules>();
        services.AddSingleton<AnswerCounts>().AddHostedService<AfterValidation<AnswerCountWriter>>();
        services.AddSingleton(provider => new IncidentRound(
            provider.GetRequiredService<IDbContextFactory<GuardDb>>(), provider.GetRequiredService<EndpointList>(),
            provider.GetRequiredService<Snapshots>(), provider.GetRequiredService<AuditTrail>(),
            provider.GetRequiredService<IOptions<IncidentOptions>>(), provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<IncidentRound>>()));
        services.AddSingleton(provider => new IncidentReader(
            provider.GetRequiredService<IDbContextFactory<GuardDb>>(), provider.GetRequiredService<IOptions<IncidentOptions>>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IncidentReport>();
        return services.AddSingleton(provider => new IncidentDesk(
            provider.GetRequiredService<IDbContextFactory<GuardDb>>(), provider.GetRequiredService<AuditTrail>(),
            provider.GetRequiredService<IncidentReader>(), provider.GetRequiredService<IOptions<IncidentOptions>>(),
            provider.GetRequiredService<TimeProvider>()));
    }
}
