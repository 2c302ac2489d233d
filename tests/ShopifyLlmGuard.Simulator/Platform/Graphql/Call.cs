using GraphQL.Types;

namespace ShopifyLlmGuard.Simulator.Platform.Graphql;

/// <summary>One GraphQL request while it runs: where it starts, what it used, what it cost.</summary>
internal sealed class Call(Node query, Node mutation)
{
    private const int MutationCost = 10;
    private readonly SortedSet<string> deprecated = [];
    private bool mutates;

    /// <summary>Points used so far: one per object, ten per mutation.</summary>
    public int Cost { get; private set; }

    /// <summary>Reasons of the deprecated fields that the document used, or null.</summary>
    public string? Deprecated => deprecated.Count > 0 ? string.Join(' ', deprecated) : null;

    public Node Root(string type)
    {
        if (type != "Mutation")
        {
            return query;
        }

        mutates = true;
        Cost += MutationCost;
        return mutation;
    }

    public void Note(FieldType field)
    {
        if (field.DeprecationReason is { } reason)
        {
            deprecated.Add($"{field.Name}: {reason}");
        }
    }

    public void Charge(object? result) => Cost += result switch
    {
        _ when mutates => 0,
        Node => 1,
        IReadOnlyCollection<Node> nodes => nodes.Count,
        _ => 0,
    };
}
