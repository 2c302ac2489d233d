using System.Text;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Admin;
using ShopifyLlmGuard.Incidents;
using ShopifyLlmGuard.Incidents.Export;
using ShopifyLlmGuard.Server.Shopify;
using ShopifyLlmGuard.Server.Trust;
using ShopifyLlmGuard.Shops;

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
        app.MapGet("/incidents/{id:long}/export/{format}", ExportAsync).RequireIdToken();
        app.MapRazorComponents<App>().RequireIdToken().DisableAntiforgery().WithStaticAssets();
    }

    // The merchant's own part of the incident: the reader leaves everything else out.
    private static async Task<IResult> ExportAsync(
        long id, string format, CurrentShop shop, IncidentReader reader, IncidentReport report, CancellationToken cancellationToken) =>
        IncidentReport.MediaType(format) is { } type && await reader.ReadAsync(id, shop.Domain, cancellationToken) is { } file
            ? Results.Bytes(Encoding.UTF8.GetBytes(report.Write(file, format)), $"{type}; charset=utf-8", $"incident-{id}.{format}")
            : Results.NotFound();

    private static AdminOptions ToAdmin(ShopifyOptions options) => new(options.ClientId, options.CdnUrl.TrimEnd('/'));
}
