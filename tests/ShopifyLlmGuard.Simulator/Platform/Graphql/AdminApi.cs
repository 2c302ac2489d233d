using GraphQL;
using GraphQL.Execution;
using GraphQL.Validation;
using GraphQLParser;
using GraphQLParser.AST;

namespace ShopifyLlmGuard.Simulator.Platform.Graphql;

/// <summary>The body of one GraphQL answer, and the header that flags deprecated fields.</summary>
internal sealed record GraphqlAnswer(IReadOnlyDictionary<string, object?> Body, string? Deprecated);

/// <summary>Validates every document against Shopify's schema, charges the bucket and executes.</summary>
internal sealed class AdminApi(SchemaFile schema, ShopGraph shop, CostBucket bucket)
{
    private static readonly DocumentExecuter Executer = new();

    public async Task<GraphqlAnswer> AnswerAsync(GraphqlRequest request, CancellationToken cancellationToken)
    {
        GraphQLDocument document;
        try
        {
            document = Parser.Parse(request.Query);
        }
        catch (GraphQLParser.Exceptions.GraphQLSyntaxErrorException e)
        {
            return new(new Dictionary<string, object?> { ["errors"] = new[] { new { message = e.Description } } }, null);
        }

        var call = new Call(shop.Query, shop.Mutation);
        var cost = document.Definitions.OfType<GraphQLOperationDefinition>()
            .Where(one => request.OperationName is null || one.Name?.StringValue == request.OperationName)
            .Select(one => QueryCost.Of(document, one, request.Variables)).FirstOrDefault();
        if (cost > QueryCost.Maximum)
        {
            return Refuse("MAX_COST_EXCEEDED", $"Query cost is {cost}, which exceeds the single query max cost limit ({QueryCost.Maximum}).");
        }

        if (!bucket.Allows(cost))
        {
            return Refuse("THROTTLED", "Throttled", cost);
        }

        var result = await ExecuteAsync(request, document, call, cancellationToken);
        return new(Body(result, cost, call.Cost), call.Deprecated);
    }

    private async Task<ExecutionResult> ExecuteAsync(
        GraphqlRequest request, GraphQLDocument document, Call call, CancellationToken cancellationToken) =>
        await Executer.ExecuteAsync(new ExecutionOptions
        {
            Schema = await schema.Value,
            Query = request.Query,
            Document = document,
            OperationName = request.OperationName,
            Variables = new Inputs(request.Variables.ToDictionary()),
            Root = call,
            CancellationToken = cancellationToken,
        });

    private Dictionary<string, object?> Body(ExecutionResult result, int requested, int actual)
    {
        var body = new Dictionary<string, object?>();
        if (result.Executed)
        {
            body["data"] = (result.Data as ExecutionNode)?.ToValue();
        }

        if (result.Errors is { Count: > 0 } errors)
        {
            body["errors"] = errors.Select(Describe).ToList();
        }

        if (result.Executed)
        {
            body["extensions"] = Cost(requested, actual);
        }

        return body;
    }

    private GraphqlAnswer Refuse(string code, string message, int cost = 0) => new(
        new Dictionary<string, object?>
        {
            ["errors"] = new[]
            {
                new { message, extensions = new { code, documentation = "https://shopify.dev/api/usage/rate-limits" } },
            },
            ["extensions"] = Cost(cost, null),
        },
        null);

    private object Cost(int requested, int? actual) => new
    {
        cost = new
        {
            requestedQueryCost = requested,
            actualQueryCost = actual,
            throttleStatus = new
            {
                maximumAvailable = (double)bucket.Maximum,
                currentlyAvailable = bucket.Take(actual ?? 0),
                restoreRate = (double)bucket.RestoreRate,
            },
        },
    };

    private static Dictionary<string, object?> Describe(ExecutionError error)
    {
        var shown = new Dictionary<string, object?> { ["message"] = error.Message };
        if (error.Locations is { Count: > 0 } locations)
        {
            shown["locations"] = locations.Select(place => new { line = place.Line, column = place.Column }).ToList();
        }

        if (error.Path is { } path)
        {
            shown["path"] = path;
        }

        var extensions = new Dictionary<string, object?>(error.Extensions ?? []);
        if (error.Code is { } code)
        {
            extensions["code"] = error is ValidationError validation ? validation.Number ?? code : code;
        }

        if (extensions.Count > 0)
        {
            shown["extensions"] = extensions;
        }

        return shown;
    }
}
