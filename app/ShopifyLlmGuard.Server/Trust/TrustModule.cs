using Microsoft.AspNetCore.Authentication;

namespace ShopifyLlmGuard.Server.Trust;

internal static class TrustModule
{
    public static IServiceCollection AddTrust(this IServiceCollection services)
    {
        services.AddAuthentication()
            .AddScheme<AuthenticationSchemeOptions, AppProxyScheme>(Proof.AppProxy, null)
            .AddScheme<AuthenticationSchemeOptions, IdTokenScheme>(Proof.IdToken, null)
            .AddScheme<AuthenticationSchemeOptions, WebhookScheme>(Proof.Webhook, null);
        services.AddAuthorization();
        services.AddClientLimits();
        return services;
    }

    /// <summary>Prove first, then limit: an unproven caller cannot spend a shopper's allowance.</summary>
    public static IApplicationBuilder UseTrust(this IApplicationBuilder app) =>
        app.UsePreflights().UseEmbeddedPages().UseAuthentication().UseAuthorization().UseRateLimiter();
}
