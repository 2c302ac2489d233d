using System.Text.Json;

namespace ShopifyLlmGuard.Simulator.Platform.Graphql;

/// <summary>One posted document with its variables as plain values.</summary>
internal sealed record GraphqlRequest(
    string Query, string? OperationName, IReadOnlyDictionary<string, object?> Variables)
{
    private static readonly Dictionary<string, object?> None = [];

    /// <returns>The request, or null when the body is not one.</returns>
    public static async Task<GraphqlRequest?> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        try
        {
            using var document = await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object && Member(root, "query") is string query
                ? new(query, Member(root, "operationName") as string,
                    Member(root, "variables") as IReadOnlyDictionary<string, object?> ?? None)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static object? Member(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? Plain(value) : null;

    private static object? Plain(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().ToDictionary(member => member.Name, member => Plain(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().Select(Plain).ToList(),
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number when element.TryGetInt32(out var number) => number,
        JsonValueKind.Number when element.TryGetInt64(out var number) => number,
        JsonValueKind.Number => element.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };
}
