using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Server.Trust;

internal static class TrustModule
{
    public static IServiceCollection AddTrust(this IServiceCollection services)
    {
        services.AddAuthentication()
            .AddScheme<AuthenticationSchemeOptions, AppProxyScheme>(Proof.AppProxy, null)
            .AddScheme<AuthenticationSchemeOptions, IdTokenScheme>(Proof.IdToken, null)
            .AddScheme<AuthenticationSchemeOptions, WebhookScheme>(Proof.Webhook, null)
            .AddScheme<AuthenticationSchemeOptions, GatewayKeyScheme>(Proof.GatewayKey, null)
            .AddScheme<AuthenticationSchemeOptions, OperatorScheme>(Proof.Operator, null)
            .AddScheme<AuthenticationSchemeOptions, IncidentSourceScheme>(Proof.IncidentSource, null);
        services.AddAuthorization();

        // The framework insists on keys for cookies that nobody here ever gets.
        services.AddDataProtection();
        services.AddOptions<KeyManagementOptions>().Configure<IOptions<GuardOptions>, ILoggerFactory>((keys, guard, loggers) =>
            keys.XmlRepository = new FileSystemXmlRepository(Directory.CreateDirectory(Path.Combine(guard.Value.DataDirectory, "keys")), loggers));
        services.AddOptions<OpsLimitOptions>().BindConfiguration("OpsLimits").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<GatewayLimits>().AddSingleton<OpsLimits>().AddClientLimits();
        return services;
    }

    /// <summary>Prove first, then limit: an unproven caller cannot spend a shopper's allowance.</summary>
    public static IApplicationBuilder UseTrust(this IApplicationBuilder app) =>
        app.UsePreflights().UseEmbeddedPages().UseAuthentication().UseAuthorization().UseRateLimiter();
}
