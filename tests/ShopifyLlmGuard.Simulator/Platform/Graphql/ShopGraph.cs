using GraphQL;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Simulator.Shop;

namespace ShopifyLlmGuard.Simulator.Platform.Graphql;

/// <summary>What the Admin API answers about this one shop: exactly the operations that the app uses.</summary>
internal sealed class ShopGraph(
    ProductGraph products, MetafieldGraph metafields, AccessScopes scopes, IOptions<SimulatorOptions> simulator)
{
    public Node Query => new("QueryRoot", new Dictionary<string, object?>
    {
        ["shop"] = Shop(),
        ["currentAppInstallation"] = AppInstallation(),
        ["product"] = Ask(context =>
        {
            scopes.Demand("read_products", "product");
            return products.Find(context.GetArgument<string>("id"));
        }),
        ["products"] = Ask(context =>
        {
            scopes.Demand("read_products", "products");
            return products.List(context);
        }),
    });

    public Node Mutation => new("Mutation", new Dictionary<string, object?>
    {
        ["metafieldsSet"] = Ask(metafields.Set),
        ["metafieldsDelete"] = Ask(metafields.Delete),
    });

    private Node Shop() => new("Shop", new Dictionary<string, object?>
    {
        ["id"] = "gid://shopify/Shop/1",
        ["name"] = ShopState.Name,
        ["myshopifyDomain"] = simulator.Value.Shop,
        ["currencyCode"] = Product.Currency,
        ["primaryDomain"] = new Node("Domain", new Dictionary<string, object?>
        {
            ["url"] = simulator.Value.Url,
            ["host"] = new Uri(simulator.Value.Url).Authority,
        }),
        ["url"] = simulator.Value.Url,
        ["contactEmail"] = "care@carewell.example",
        ["email"] = "owner@carewell.example",
        ["ianaTimezone"] = "Europe/Berlin",
    });

    private Node AppInstallation() => new("AppInstallation", new Dictionary<string, object?>
    {
        ["id"] = ShopState.AppInstallation,
        ["accessScopes"] = scopes.Granted
            .Select(handle => new Node("AccessScope", new Dictionary<string, object?> { ["handle"] = handle })).ToList(),
        ["metafields"] = Ask(context => metafields.List(ShopState.AppInstallation, context)),
        ["metafield"] = Ask(context => metafields.Find(ShopState.AppInstallation, context)),
    });

    internal static Func<IResolveFieldContext, object?> Ask(Func<IResolveFieldContext, object?> answer) => answer;
}
