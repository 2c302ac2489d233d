using System.Globalization;
using GraphQL;

namespace ShopifyLlmGuard.Simulator.Platform.Graphql;

/// <summary>An object of the Admin API: its official type name and the fields that the simulator knows.</summary>
/// <remarks>A field holds a plain value, a node, a list of nodes, or a function of the field's arguments.</remarks>
internal sealed record Node(string Type, IReadOnlyDictionary<string, object?> Fields)
{
    /// <summary>Shopify's moments are UTC and end at the second.</summary>
    public static string Time(DateTimeOffset moment) =>
        moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Resolves any field of any type; a field that nobody wrote is an error, never a silent null.</summary>
    public static object? Resolve(IResolveFieldContext context)
    {
        var node = context.Source as Node ?? ((Call)context.Source!).Root(context.ParentType.Name);
        var field = context.FieldDefinition;
        var call = (Call)context.RootValue!;
        call.Note(field);
        if (!node.Fields.TryGetValue(field.Name, out var value))
        {
            throw new ExecutionError($"The simulator does not implement {node.Type}.{field.Name}.")
            {
                Code = "NOT_SIMULATED",
            };
        }

        var result = value is Func<IResolveFieldContext, object?> function ? function(context) : value;
        call.Charge(result);
        return result;
    }
}
