using ShopifyLlmGuard.Simulator.Shop;

namespace ShopifyLlmGuard.Simulator.Storefront.Pages;

/// <summary>The pages of the shop. None of them asks the app for anything: blocks are rendered here, and the browser does the rest.</summary>
internal static class PageEndpoints
{
    private static readonly string[] Featured =
        ["voyager-wrist-monitor", "thermia-ear-thermometer", "stepfree-rollator", "homeready-first-aid-kit",
            "neckrest-memory-pillow", "airstep-travel-socks", "sunny-vitamin-d3", "sonisweep-toothbrush"];

    public static void MapPages(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", (HttpContext http, Theme theme, ShopState shop, ShopObjects objects) => theme.PageAsync(
            http, "index", "Carewell: care for every day", objectsOfPage: page =>
            [
                ("featured", Featured.Select(shop.Find).OfType<Product>().Select(product => objects.ProductOf(page, product))),
                ("all_collections", objects.Collections(page)),
            ]));
        routes.MapGet("/products/{handle}", ShowProduct);
        routes.MapGet("/collections", (HttpContext http, Theme theme, ShopObjects objects) => theme.PageAsync(
            http, "list-collections", "Categories", objectsOfPage: page => [("all_collections", objects.Collections(page))]));
        routes.MapGet("/collections/{handle}", ShowCollection);
        routes.MapGet("/search", Search);
        routes.MapGet("/cart", (HttpContext http, Theme theme) => theme.PageAsync(http, "cart", "Your cart"));
        routes.MapGet("/checkout", (HttpContext http, Theme theme) => theme.PageAsync(
            http, "checkout", "Checkout", objectsOfPage: _ => [("ordered", false)]));
        routes.MapPost("/checkout", (HttpContext http, Theme theme) =>
        {
            new Cart([]).Write(http.Response);
            return theme.PageAsync(http, "checkout", "Thank you", objectsOfPage: _ => [("ordered", true)]);
        }).DisableAntiforgery();
        MapForms(routes);
        routes.MapFallback("{*path:nonfile}", (HttpContext http, Theme theme) => NotFound(http, theme));
    }

    private static void MapForms(IEndpointRouteBuilder routes)
    {
        foreach (var (path, template, title) in new[]
        {
            ("/pages/contact", "page.contact", "Contact"), ("/pages/booking", "page.booking", "Book an appointment"),
            ("/account/login", "login", "Log in"),
        })
        {
            routes.MapGet(path, (HttpContext http, Theme theme) => Form(http, theme, sent: http.Request.Query.ContainsKey("sent")));
            routes.MapPost(path, (HttpContext http, Theme theme) => Form(http, theme, sent: true)).DisableAntiforgery();

            Task<IResult> Form(HttpContext http, Theme theme, bool sent) =>
                theme.PageAsync(http, template, title, objectsOfPage: _ => [("form_sent", sent)]);
        }

        routes.MapPost("/contact", (HttpContext http) => Results.Redirect(http.Request.PathBase + "/pages/contact?sent=1")).DisableAntiforgery();
    }

    private static Task<IResult> ShowProduct(HttpContext http, string handle, Theme theme, ShopState shop, ShopObjects objects) =>
        shop.Find(handle) is { } product
            ? theme.PageAsync(http, "product", product.Title, objectsOfPage: page => [("product", objects.ProductOf(page, product))])
            : NotFound(http, theme);

    private static Task<IResult> ShowCollection(HttpContext http, string handle, Theme theme, ShopState shop, ShopObjects objects) =>
        handle == "all" || shop.Products.Any(product => ShopObjects.CollectionHandle(product.ProductType) == handle)
            ? theme.PageAsync(http, "collection", Title(shop, handle), objectsOfPage: page => [("collection", objects.Collection(page, handle))])
            : NotFound(http, theme);

    private static string Title(ShopState shop, string handle) => handle == "all"
        ? "All products" : shop.Products.First(product => ShopObjects.CollectionHandle(product.ProductType) == handle).ProductType;

    private static Task<IResult> Search(HttpContext http, string? q, Theme theme, ShopState shop, ShopObjects objects)
    {
        var words = (q ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var found = words.Length == 0 ? [] : shop.Products.Where(product => words.All(word => Text(product).Contains(word, StringComparison.OrdinalIgnoreCase)));
        return theme.PageAsync(http, "search", "Search", objectsOfPage: page =>
            [("search_terms", q ?? ""), ("results", found.Select(product => objects.ProductOf(page, product)))]);
    }

    private static string Text(Product product) =>
        $"{product.Title} {product.ProductType} {string.Join(' ', product.Tags)} {product.Description}";

    private static Task<IResult> NotFound(HttpContext http, Theme theme) =>
        theme.PageAsync(http, "404", "Page not found", StatusCodes.Status404NotFound);
}
