using ShopifyLlmGuard.Simulator.Platform.Tokens;
using ShopifyLlmGuard.Simulator.Shop;

namespace ShopifyLlmGuard.Simulator.Admin;

/// <summary>A plain imitation of Shopify's admin: the frame, the App Bridge and the Polaris components.</summary>
internal static class AdminModule
{
    public static IServiceCollection AddAdmin(this IServiceCollection services) => services.AddSingleton<FramePage>();

    public static IEndpointRouteBuilder MapAdmin(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/admin", () => Results.Redirect(FramePage.Home));
        routes.MapGet($"{FramePage.Home}/{{**path}}", (string? path, HttpRequest request, FramePage page) =>
            Results.Content(page.Render($"/{path}{request.QueryString}"), "text/html; charset=utf-8"));
        routes.MapGet("/admin/apps/{app}/{**path}", Canonical);
        routes.MapGet("/store/{store}/apps/{app}/{**path}", Canonical);

        routes.MapGet("/cdn/shopifycloud/app-bridge.js", () => Script(Assets.Read("AppBridge/app-bridge.js")));
        routes.MapGet("/cdn/shopifycloud/polaris.js", () => Script(PolarisScript.Build()));
        routes.MapGet("/admin/simulator/frame.js", () => Script(Assets.Read("Frame/frame.js")));
        routes.MapGet("/admin/simulator/frame.css", () => Results.Content(Assets.Read("Frame/frame.css"), "text/css"));
        routes.MapGet("/admin/simulator/tokens.css", () => Results.Content(Assets.Tokens(), "text/css"));
        routes.MapGet("/admin/simulator/polaris", () => Results.Content(Assets.Read("Polaris/gallery.html"), "text/html; charset=utf-8"));
        MapFrameData(routes.MapGroup("/admin/simulator").AddEndpointFilter(SameOriginOnly));
        return routes;
    }

    private static void MapFrameData(RouteGroupBuilder frame)
    {
        frame.MapGet("/id-token", (IdTokens tokens) => Results.Json(new { idToken = tokens.Mint() }));
        frame.MapGet("/scopes", (ShopState shop) =>
            Results.Json(new { granted = shop.GrantedScopes, required = shop.GrantedScopes, optional = Array.Empty<string>() }));
        frame.MapGet("/extensions", (ThemeEditor editor) => Results.Json(ThemeExtension.Describe(editor)));
    }

    /// <summary>Shopify knows the app by its client id too.</summary>
    private static IResult Canonical(string? path, HttpRequest request) =>
        Results.Redirect($"{FramePage.Home}/{path}{request.QueryString}");

    private static IResult Script(string text) => Results.Content(text, "text/javascript; charset=utf-8");

    /// <summary>Tokens are for the admin's own page, never for the app's origin or a stranger's.</summary>
    private static ValueTask<object?> SameOriginOnly(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        context.HttpContext.Request.Headers["Sec-Fetch-Site"] is ["same-origin"] or []
            ? next(context) : ValueTask.FromResult<object?>(Results.StatusCode(StatusCodes.Status403Forbidden));
}
