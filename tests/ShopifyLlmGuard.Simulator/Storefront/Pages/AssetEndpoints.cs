using Microsoft.AspNetCore.StaticFiles;
using ShopifyLlmGuard.Simulator.Storefront.Extension;

namespace ShopifyLlmGuard.Simulator.Storefront.Pages;

/// <summary>Files as Shopify's CDN serves them: the theme's, the product pictures, the extension's.</summary>
internal static class AssetEndpoints
{
    private static readonly FileExtensionContentTypeProvider Types = new();

    public static void MapAssets(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/cdn/shop/theme/{file}", (HttpResponse response, string file) =>
            Serve(response, Path.Combine(Theme.Folder, "assets"), file, "no-cache"));
        routes.MapGet("/cdn/shop/files/{file}", (HttpResponse response, string file) =>
            Serve(response, Path.Combine(Theme.Folder, "assets", "products"), file, "public, max-age=3600"));
        routes.MapGet("/cdn/extensions/{extension}/{version}/assets/{file}", (HttpResponse response, string file, AppBlocks blocks) =>
            Serve(response, blocks.Assets, file, "public, max-age=31536000, immutable"));
        routes.MapGet("/favicon.ico", (HttpResponse response) =>
            Serve(response, Path.Combine(Theme.Folder, "assets"), "favicon.svg", "public, max-age=3600"));
    }

    private static IResult Serve(HttpResponse response, string folder, string file, string cacheControl)
    {
        var path = Path.Combine(folder, Path.GetFileName(file));
        if (!File.Exists(path) || !Types.TryGetContentType(path, out var type))
        {
            return Results.NotFound();
        }

        response.Headers.CacheControl = cacheControl;
        return Results.File(path, type);
    }
}
