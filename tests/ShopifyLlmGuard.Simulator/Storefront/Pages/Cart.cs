using System.Globalization;
using ShopifyLlmGuard.Simulator.Shop;

namespace ShopifyLlmGuard.Simulator.Storefront.Pages;

/// <summary>One line of a cart.</summary>
internal sealed record CartLine(Product Product, int Quantity)
{
    public decimal Total => Product.Price * Quantity;
}

/// <summary>A shopper's cart; it lives in the shopper's own cookie, as <c>8101:2.8110:1</c>.</summary>
internal sealed record Cart(IReadOnlyList<CartLine> Lines)
{
    private const string Cookie = "cart";
    private const int MostOfOne = 20;

    public int Count => Lines.Sum(line => line.Quantity);

    public decimal Total => Lines.Sum(line => line.Total);

    public static Cart Read(HttpRequest request, ShopState shop)
    {
        var lines = from part in (request.Cookies[Cookie] ?? "").Split('.', StringSplitOptions.RemoveEmptyEntries)
                    let numbers = part.Split(':')
                    where numbers.Length == 2
                    let product = long.TryParse(numbers[0], CultureInfo.InvariantCulture, out var id) ? shop.Find(id) : null
                    where product is not null
                    let quantity = int.TryParse(numbers[1], CultureInfo.InvariantCulture, out var count) ? Math.Clamp(count, 0, MostOfOne) : 0
                    where quantity > 0
                    select new CartLine(product, quantity);
        return new([.. lines]);
    }

    public Cart Add(Product product, int quantity) =>
        Change(product.Id, Lines.FirstOrDefault(line => line.Product.Id == product.Id)?.Quantity + quantity ?? quantity, product);

    public Cart Change(long id, int quantity, Product? added = null)
    {
        var lines = Lines.Any(line => line.Product.Id == id) || added is null ? Lines : [.. Lines, new(added, 0)];
        return new([
            .. lines.Select(line => line.Product.Id == id ? line with { Quantity = Math.Clamp(quantity, 0, MostOfOne) } : line)
                .Where(line => line.Quantity > 0),
        ]);
    }

    public void Write(HttpResponse response) => response.Cookies.Append(
        Cookie,
        string.Join('.', Lines.Select(line => $"{line.Product.Id}:{line.Quantity}")),
        new() { Path = "/", SameSite = SameSiteMode.Lax, HttpOnly = true, MaxAge = TimeSpan.FromDays(14) });
}
