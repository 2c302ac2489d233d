using System.Globalization;
using ShopifyLlmGuard.Simulator.Shop;

namespace ShopifyLlmGuard.Simulator.Storefront.Pages;

/// <summary>Shopify's cart addresses: forms that any theme posts, without script.</summary>
internal static class CartEndpoints
{
    public static void MapCart(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/cart/add", Add).DisableAntiforgery();
        routes.MapPost("/cart", Update).DisableAntiforgery();
        routes.MapGet("/cart.js", (HttpRequest request, ShopState shop) => Json(Cart.Read(request, shop)));
    }

    private static async Task<IResult> Add(HttpContext http, ShopState shop)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        if (!long.TryParse(form["id"], CultureInfo.InvariantCulture, out var id) || shop.Find(id) is not { } product)
        {
            return Results.Json(new { status = 404, message = "Cart Error", description = "Cannot find variant" }, statusCode: 404);
        }

        var quantity = int.TryParse(form["quantity"], CultureInfo.InvariantCulture, out var count) ? count : 1;
        Cart.Read(http.Request, shop).Add(product, Math.Max(1, quantity)).Write(http.Response);
        return Results.Redirect(http.Request.PathBase + "/cart");
    }

    private static async Task<IResult> Update(HttpContext http, ShopState shop)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var cart = Cart.Read(http.Request, shop);
        foreach (var (field, value) in form)
        {
            if (field.StartsWith("updates[", StringComparison.Ordinal)
                && long.TryParse(field[8..^1], CultureInfo.InvariantCulture, out var id)
                && int.TryParse(value, CultureInfo.InvariantCulture, out var quantity))
            {
                cart = cart.Change(id, quantity);
            }
        }

        cart.Write(http.Response);
        return Results.Redirect(http.Request.PathBase + (form.ContainsKey("checkout") ? "/checkout" : "/cart"));
    }

    private static IResult Json(Cart cart) => Results.Json(new
    {
        item_count = cart.Count,
        total_price = (long)(cart.Total * 100),
        currency = Product.Currency,
        items = cart.Lines.Select(line => new { id = line.Product.Id, quantity = line.Quantity, handle = line.Product.Handle }),
    });
}
