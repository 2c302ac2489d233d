using GraphQL;
using ShopifyLlmGuard.Simulator.Shop;

namespace ShopifyLlmGuard.Simulator.Platform.Graphql;

/// <summary>What the merchant granted. A write scope implies its read scope.</summary>
internal sealed class AccessScopes(ShopState shop)
{
    public IReadOnlyList<string> Granted => shop.GrantedScopes;

    public bool Allows(string scope) =>
        Granted.Contains(scope) || Granted.Contains(scope.Replace("read_", "write_", StringComparison.Ordinal));

    public void Demand(string scope, string field)
    {
        if (Allows(scope))
        {
            return;
        }

        throw new ExecutionError($"Access denied for {field} field. Required access: `{scope}` access scope.")
        {
            Code = "ACCESS_DENIED",
            Extensions = new Dictionary<string, object?>
            {
                ["documentation"] = "https://shopify.dev/api/usage/access-scopes",
                ["requiredAccess"] = $"`{scope}` access scope.",
            },
        };
    }
}
