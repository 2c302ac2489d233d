using Microsoft.AspNetCore.Antiforgery;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Admin;
using ShopifyLlmGuard.Server.Shopify;
using ShopifyLlmGuard.Server.Trust;

namespace ShopifyLlmGuard.Server.Staff;

/// <summary>The admin's pages, for merchant staff inside Shopify's frame.</summary>
internal static class StaffPages
{
    public static IServiceCollection AddStaffPages(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddSingleton(provider => ToAdmin(provider.GetRequiredService<IOptions<ShopifyOptions>>().Value));

        // The frame is Shopify's, so SAMEORIGIN would keep the page out; the bearer token is what stops forged posts.
        services.Configure<AntiforgeryOptions>(antiforgery => antiforgery.SuppressXFrameOptionsHeader = true);
        return services;
    }

    public static void MapStaffPages(this WebApplication app)
    {
        // The browser itself loads these, and it has no token.
        app.MapStaticAssets().RequireNothing();
        app.MapRazorComponents<App>().RequireIdToken().DisableAntiforgery().WithStaticAssets();
    }

    private static AdminOptions ToAdmin(ShopifyOptions options) => new(options.ClientId, options.CdnUrl.TrimEnd('/'));
}
