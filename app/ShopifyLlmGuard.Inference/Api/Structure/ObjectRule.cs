namespace ShopifyLlmGuard.Inference.Api.Structure;

/// <summary>An object whose properties come in the schema's order, the optional ones or not.</summary>
internal sealed class ObjectRule(JsonWords json)
{
    private const string End = "\"}\"";

    /// <param name="Body">Name, colon and value.</param>
    /// <param name="IsRequired">Whether it is always there.</param>
    public sealed record Property(string Body, bool IsRequired);

    public string Write(IReadOnlyList<Property> properties)
    {
        // From the last property to the first: what may follow when something stands before it, and when nothing does.
        var (after, first) = (End, End);
        foreach (var property in properties.Reverse())
        {
            var (next, alone) = ($"\",\" {json.Space} {property.Body} {after}", $"{property.Body} {after}");
            after = json.Grammar.Rule(property.IsRequired ? next : $"{next} | {after}");
            first = json.Grammar.Rule(property.IsRequired ? alone : $"{alone} | {first}");
        }

        return json.Grammar.Rule($"\"{{\" {first}");
    }
}
