using System.Net;
using ShopifyLlmGuard.Simulator.Storefront.Extension;
using ShopifyLlmGuard.Simulator.Storefront.Liquid;
using ShopifyLlmGuard.Simulator.Storefront.Pages;
using ShopifyLlmGuard.Simulator.Storefront.Proxy;

namespace ShopifyLlmGuard.Simulator.Storefront;

/// <summary>The shop that shoppers see, and the app proxy behind it.</summary>
internal static class StorefrontModule
{
    public static IServiceCollection AddStorefront(this IServiceCollection services)
    {
        services.AddHttpClient(nameof(AppProxy)).ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
        {
            UseCookies = false,
            AllowAutoRedirect = true,
            ConnectTimeout = TimeSpan.FromSeconds(5),
        }).ConfigureHttpClient(client => client.Timeout = Timeout.InfiniteTimeSpan);
        return services.AddSingleton<ShopObjects>().AddSingleton<AppBlocks>().AddSingleton<Theme>()
            .AddSingleton<ProxyLog>().AddSingleton<AppProxy>();
    }

    /// <summary>Comes before routing: the language is a part of the address.</summary>
    public static IApplicationBuilder UseStorefront(this IApplicationBuilder app) =>
        app.Use(ShowLiquidErrors).UseStorefrontLanguage().UseRouting();

    public static IEndpointRouteBuilder MapStorefront(this IEndpointRouteBuilder routes)
    {
        routes.MapPages();
        routes.MapCart();
        routes.MapAssets();
        routes.MapDesk();
        routes.Map(AppProxy.Path + "/{**rest}", (HttpContext http, string? rest, AppProxy proxy) => proxy.ForwardAsync(http, rest))
            .DisableAntiforgery();
        return routes;
    }

    private static async Task ShowLiquidErrors(HttpContext http, RequestDelegate next)
    {
        try
        {
            await next(http);
        }
        catch (LiquidError error)
        {
            http.Response.StatusCode = StatusCodes.Status500InternalServerError;
            http.Response.ContentType = "text/html; charset=utf-8";
            await http.Response.WriteAsync($"""
                <!doctype html><html lang="en"><meta charset="utf-8"><title>Liquid error</title>
                <body style="font: 16px/1.5 system-ui; margin: 4rem auto; max-width: 46rem">
                <h1>Liquid error</h1><p><code>{WebUtility.HtmlEncode(error.File)}</code>, line {error.Line}</p>
                <pre>{WebUtility.HtmlEncode(error.Complaint)}</pre>
                """);
        }
    }
}
