using System.Net;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Server.Shopify;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Server.Trust;

/// <summary>What a framed page needs around it: headers that allow the frame, and pages that fetch a fresh token.</summary>
internal static class EmbeddedPages
{
    public const string BouncePath = "/auth/patch-id-token";

    /// <summary>Headers for every page of the admin, and an answer to preflights.</summary>
    public static IApplicationBuilder UseEmbeddedPages(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<Proof>() is { Scheme: Proof.IdToken })
        {
            context.Response.OnStarting(() =>
            {
                var caller = context.RequestServices.GetRequiredService<CurrentShop>();
                AddHeaders(context, caller.IsProven ? caller.Domain : null);
                return Task.CompletedTask;
            });
        }

        return next(context);
    });

    /// <summary>App Bridge preflights with OPTIONS, which no page answers by itself. A route that does is left alone.</summary>
    public static IApplicationBuilder UsePreflights(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (!HttpMethods.IsOptions(context.Request.Method)
            || context.GetEndpoint()?.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains(HttpMethods.Options) == true)
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
        context.Response.Headers.AccessControlMaxAge = "7200";
        return Task.CompletedTask;
    });

    public static void MapBounce(this IEndpointRouteBuilder app) => app.MapGet(BouncePath, Bounce).RequireNothing();

    /// <summary>The same address without its stale token, for the bounce page to come back to.</summary>
    public static string BounceTo(HttpRequest request)
    {
        var query = request.Query.Where(parameter => parameter.Key != "id_token").ToList();
        var back = QueryHelpers.AddQueryString(request.Path.Value ?? "/", query);
        return QueryHelpers.AddQueryString(BouncePath, [.. query, new("shopify-reload", back)]);
    }

    public static string AppBridgeOnly(ShopifyOptions options) =>
        $"<!doctype html><title>Loading</title><script data-api-key=\"{WebUtility.HtmlEncode(options.ClientId)}\" src=\"{WebUtility.HtmlEncode(options.AppBridgeUrl)}\"></script>";

    public static Task WriteAsync(HttpResponse response, string html)
    {
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        return response.WriteAsync(html);
    }

    private static Task Bounce(HttpContext context, IOptions<ShopifyOptions> options)
    {
        if (context.Request.Query["shop"] is not [{ } text] || !ShopDomain.TryParse(text, out var shop)
            || context.Request.Query["shopify-reload"] is not [{ } back] || !IsOwnPath(back))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return Task.CompletedTask;
        }

        AddHeaders(context, shop);
        return WriteAsync(context.Response, AppBridgeOnly(options.Value));
    }

    // "//evil.example" and "/\evil.example" are other sites to a browser.
    private static bool IsOwnPath(string path) => path.StartsWith('/') && !path.StartsWith("//", StringComparison.Ordinal) && !path.Contains('\\', StringComparison.Ordinal);

    private static void AddHeaders(HttpContext context, string? shop)
    {
        var options = context.RequestServices.GetRequiredService<IOptions<ShopifyOptions>>().Value;
        var known = shop ?? (context.Request.Query["shop"] is [{ } text] && ShopDomain.TryParse(text, out var asked) ? asked : "*.myshopify.com");
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = $"frame-ancestors https://{known} {options.AdminOrigin};";
        headers.Link = $"<{options.CdnOrigin}>; rel=\"preconnect\", <{options.AppBridgeUrl}>; rel=\"preload\"; as=\"script\", <{options.PolarisUrl}>; rel=\"preload\"; as=\"script\"";
        headers.XContentTypeOptions = "nosniff";
    }
}
