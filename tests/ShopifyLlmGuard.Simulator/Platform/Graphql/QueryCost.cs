using GraphQLParser.AST;

namespace ShopifyLlmGuard.Simulator.Platform.Graphql;

/// <summary>What a document may cost at most, by Shopify's published rule: objects 1, connections by their size, mutations 10.</summary>
internal static class QueryCost
{
    public const int Maximum = 1000;
    private const int ConnectionCost = 2;
    private const int MutationCost = 10;

    public static int Of(
        GraphQLDocument document, GraphQLOperationDefinition operation, IReadOnlyDictionary<string, object?> variables)
    {
        var fragments = document.Definitions.OfType<GraphQLFragmentDefinition>()
            .ToDictionary(fragment => fragment.FragmentName.Name.StringValue);
        return operation.Operation == OperationType.Mutation
            ? operation.SelectionSet.Selections.Count * MutationCost
            : Sum(operation.SelectionSet);

        int Sum(GraphQLSelectionSet? set) => set?.Selections.Sum(Cost) ?? 0;

        int Cost(ASTNode selection) => selection switch
        {
            GraphQLField { SelectionSet: null } => 0,
            GraphQLField field => Size(field) is { } size ? ConnectionCost + (size * Items(field)) : 1 + Sum(field.SelectionSet),
            GraphQLInlineFragment inline => Sum(inline.SelectionSet),
            GraphQLFragmentSpread spread when fragments.TryGetValue(spread.FragmentName.Name.StringValue, out var fragment)
                => Sum(fragment.SelectionSet),
            _ => 0,
        };

        // `nodes` and `edges { node }` wrap each item; the wrapping itself is free.
        int Items(GraphQLField connection) => 1 + connection.SelectionSet!.Selections.OfType<GraphQLField>()
            .Where(field => field.Name.StringValue is "nodes" or "edges")
            .Sum(field => field.Name.StringValue == "nodes" ? Sum(field.SelectionSet) : Sum(field.SelectionSet) - 1);

        int? Size(GraphQLField field) => field.Arguments?
            .Where(argument => argument.Name.StringValue is "first" or "last")
            .Select(argument => Number(argument.Value)).FirstOrDefault();

        int? Number(GraphQLValue value) => value switch
        {
            GraphQLIntValue number => int.Parse(number.Value.Span, provider: null),
            GraphQLVariable variable when variables.TryGetValue(variable.Name.StringValue, out var given) => given as int?,
            _ => null,
        };
    }
}
