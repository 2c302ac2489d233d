using System.Text.Json;
using System.Text.Json.Nodes;
using ShopifyLlmGuard.Simulator.Shop;
using ShopifyLlmGuard.Simulator.Storefront.Proxy;

namespace ShopifyLlmGuard.Simulator.Storefront;

/// <summary>
/// What no Shopify has: levers for developers and tests, all below <c>/simulator</c>.
/// <list type="bullet">
/// <item><c>GET /simulator/proxy-requests</c>: what the app proxy forwarded; <c>DELETE</c> forgets it.</item>
/// <item><c>PUT /simulator/metafields</c> <c>{"owner","namespace","key","type","value"}</c>: sets one by hand; null as value deletes it.</item>
/// <item><c>PUT /simulator/blocks/{handle}</c> <c>{"active","settings":{…}}</c>: what a merchant does in the theme editor.</item>
/// <item><c>PATCH /simulator/products/{id}</c> <c>{"title","price","description"}</c> and <c>DELETE</c>: what a merchant does to a product.</item>
/// </list>
/// </summary>
internal static class DeskEndpoints
{
    public static void MapDesk(this IEndpointRouteBuilder routes)
    {
        var desk = routes.MapGroup("/simulator");
        desk.MapGet("/proxy-requests", (ProxyLog log) => log.Requests);
        desk.MapDelete("/proxy-requests", (ProxyLog log) => log.Clear());
        desk.MapPut("/metafields", (JsonObject field, Metafields metafields) => SetMetafield(field, metafields));
        desk.MapPut("/blocks/{handle}", (string handle, JsonObject block, ThemeEditor editor) =>
        {
            var placed = editor.Find(handle) ?? new("guard_" + handle, handle, Active: true, new Dictionary<string, JsonNode?>());
            var settings = (block["settings"] as JsonObject)?.ToDictionary(setting => setting.Key, setting => setting.Value?.DeepClone());
            editor.Place(placed with { Active = (bool?)block["active"] ?? placed.Active, Settings = settings ?? placed.Settings });
        });
        desk.MapPatch("/products/{id:long}", (long id, JsonObject changes, ShopState shop) => shop.Find(id) is not { } product
            ? Results.NotFound()
            : Results.Json(shop.Save(product with
            {
                Title = (string?)changes["title"] ?? product.Title,
                Description = (string?)changes["description"] ?? product.Description,
                Price = decimal.TryParse((string?)changes["price"], System.Globalization.CultureInfo.InvariantCulture, out var price)
                    ? price : product.Price,
            })));
        desk.MapDelete("/products/{id:long}", (long id, ShopState shop) => shop.Delete(id) ? Results.NoContent() : Results.NotFound());
    }

    private static void SetMetafield(JsonObject field, Metafields metafields)
    {
        var (owner, ns, key) = ((string)field["owner"]!, (string)field["namespace"]!, (string)field["key"]!);
        if (field["value"] is not { } value)
        {
            metafields.Delete(owner, ns, key);
            return;
        }

        // A JSON value may be written as itself, which is easier to type than as a string of JSON.
        var text = value.GetValueKind() == JsonValueKind.String ? (string)value! : value.ToJsonString();
        metafields.Set(owner, ns, key, (string?)field["type"] ?? "json", text);
    }
}
