using System.Globalization;
using GraphQL;
using ShopifyLlmGuard.Simulator.Shop;

namespace ShopifyLlmGuard.Simulator.Platform.Graphql;

/// <summary>The part of Shopify's search syntax that a sync needs: `status:`, `updated_at:`, `id:`, joined by AND.</summary>
internal static class ProductSearch
{
    public static IEnumerable<Product> Filter(IEnumerable<Product> products, string? query) =>
        (query ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Where(term => term != "AND")
            .Aggregate(products, Narrow);

    private static IEnumerable<Product> Narrow(IEnumerable<Product> products, string term) => term.Split(':', 2) switch
    {
        ["status", var status] => products.Where(_ => status.Equals("active", StringComparison.OrdinalIgnoreCase)),
        ["id", var id] when long.TryParse(id, out var wanted) => products.Where(product => product.Id == wanted),
        ["updated_at", var when] => Since(products, when.Trim('\'', '"')),
        _ => throw new ExecutionError($"The simulator does not search products by '{term}'.") { Code = "NOT_SIMULATED" },
    };

    private static IEnumerable<Product> Since(IEnumerable<Product> products, string when)
    {
        var bound = when.TrimStart('>', '<', '=').Trim('\'', '"');
        if (!DateTimeOffset.TryParse(bound, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment))
        {
            throw new ExecutionError($"'{bound}' is no moment.") { Code = "BAD_REQUEST" };
        }

        return when[0] switch
        {
            '>' => products.Where(product => product.UpdatedAt > moment || (when[1] == '=' && product.UpdatedAt == moment)),
            '<' => products.Where(product => product.UpdatedAt < moment || (when[1] == '=' && product.UpdatedAt == moment)),
            _ => products.Where(product => product.UpdatedAt == moment),
        };
    }
}
