using System.Text.Json.Nodes;
using GraphQL;
using ShopifyLlmGuard.Simulator.Shop;

namespace ShopifyLlmGuard.Simulator.Platform.Graphql;

/// <summary>Metafields of the app's installation and of products: reading, and the two atomic mutations.</summary>
internal sealed class MetafieldGraph(ShopState shop, Metafields metafields, AccessScopes scopes)
{
    private const int MostPerCall = 25;

    public Node? Find(string ownerId, IResolveFieldContext context) =>
        metafields.Get(ownerId, context.GetArgument<string?>("namespace") ?? "$app", context.GetArgument<string>("key"))
            is { } found ? ToNode(found) : null;

    public Node List(string ownerId, IResolveFieldContext context)
    {
        var space = context.GetArgument<string?>("namespace");
        var keys = context.GetArgument<List<string>?>("keys");
        return Connection.Page("Metafield", [.. metafields.Of(ownerId)
            .Where(field => space is null || field.Namespace == space)
            .Where(field => keys is null || keys.Contains($"{field.Namespace}.{field.Key}"))
            .Select(ToNode)], context);
    }

    public object? Set(IResolveFieldContext context)
    {
        var inputs = Inputs(context);
        Limit(inputs.Count);
        var changes = inputs.Select(MetafieldChange.From).ToList();
        var errors = changes.SelectMany(Check).ToList();
        IReadOnlyList<Metafield> written = [];
        if (errors.Count == 0 && metafields.SetAll([.. changes.Select(change => change.ToInput())]) is var (saved, stale))
        {
            written = saved;
            errors.AddRange(stale is { } index ? [Fault(MetafieldChange.Stale, index)] : []);
        }

        return new Node("MetafieldsSetPayload", new Dictionary<string, object?>
        {
            ["metafields"] = errors.Count > 0 ? null : written.Select(ToNode).ToList(),
            ["userErrors"] = errors,
        });
    }

    public object? Delete(IResolveFieldContext context)
    {
        var inputs = Inputs(context);
        Limit(inputs.Count);
        var gone = new List<Node?>();
        foreach (var input in inputs)
        {
            var (owner, space, key) = ((string)input["ownerId"]!, (string)input["namespace"]!, (string)input["key"]!);
            DemandOwner(owner);
            gone.Add(metafields.Delete(owner, space, key) is not null ? new("MetafieldIdentifier", new Dictionary<string, object?>
            {
                ["ownerId"] = owner,
                ["namespace"] = space,
                ["key"] = key,
            }) : null);
        }

        return new Node("MetafieldsDeletePayload", new Dictionary<string, object?>
        {
            ["deletedMetafields"] = gone,
            ["userErrors"] = Array.Empty<Node>(),
        });
    }

    private IEnumerable<Node> Check(MetafieldChange change, int index)
    {
        DemandOwner(change.OwnerId);
        return change.Faults(Exists(change.OwnerId), metafields.Get(change.OwnerId, change.Namespace, change.Key))
            .Select(fault => Fault(fault, index));
    }

    private static Node Fault(MetafieldFault fault, int index) => new("MetafieldsSetUserError", new Dictionary<string, object?>
    {
        ["field"] = new[] { "metafields", $"{index}", fault.Field },
        ["message"] = fault.Message,
        ["code"] = fault.Code,
        ["elementIndex"] = null,
    });

    private bool Exists(string ownerId) => ownerId == ShopState.AppInstallation
        || (ProductGraph.TryReadId(ownerId, out var id) && shop.Find(id) is not null);

    private void DemandOwner(string ownerId)
    {
        if (ownerId.StartsWith("gid://shopify/Product/", StringComparison.Ordinal))
        {
            scopes.Demand("write_products", "metafieldsSet");
        }
    }

    private static void Limit(int count)
    {
        if (count > MostPerCall)
        {
            throw new ExecutionError($"The input array size of {count} is greater than the maximum allowed of {MostPerCall}.")
            {
                Code = "MAX_INPUT_SIZE_EXCEEDED",
            };
        }
    }

    private static List<Dictionary<string, object?>> Inputs(IResolveFieldContext context) =>
        [.. ((IEnumerable<object?>)context.Arguments!["metafields"].Value!).Cast<Dictionary<string, object?>>()];

    private static Node ToNode(Metafield field) => new("Metafield", new Dictionary<string, object?>
    {
        ["id"] = field.Gid,
        ["namespace"] = field.Namespace,
        ["key"] = field.Key,
        ["type"] = field.Type,
        ["value"] = field.Value,
        ["jsonValue"] = field.Type == "json" ? JsonNode.Parse(field.Value) : field.Value,
        ["compareDigest"] = field.CompareDigest,
        ["createdAt"] = Node.Time(field.CreatedAt),
        ["updatedAt"] = Node.Time(field.UpdatedAt),
        ["ownerType"] = field.OwnerId == ShopState.AppInstallation ? "API_PERMISSION" : "PRODUCT",
    });
}
