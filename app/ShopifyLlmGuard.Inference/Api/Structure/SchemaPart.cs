using System.Text.Json;

namespace ShopifyLlmGuard.Inference.Api.Structure;

/// <summary>One place in a schema.</summary>
/// <param name="Element">What stands there.</param>
/// <param name="Path">Where that is, from the schema's root: <c>.properties.name</c>.</param>
/// <param name="Depth">How many values it lies in.</param>
/// <param name="Alternatives">How many ways through the grammar may be open here at once.</param>
internal sealed record SchemaPart(JsonElement Element, string Path, int Depth, int Alternatives)
{
    private const int LongestText = 256;
    private const int MostItems = 1000;

    // These promise nothing about a value.
    private static readonly HashSet<string> Silent =
        ["title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$schema", "$id", "$comment", "$defs", "definitions"];

    public SchemaPart? Find(string keyword) => Element.ValueKind == JsonValueKind.Object && Element.TryGetProperty(keyword, out var inner)
        ? this with { Element = inner, Path = $"{Path}.{keyword}" }
        : null;

    /// <summary>Refuses every keyword that is neither named nor silent: it would promise what nobody keeps.</summary>
    public void AllowOnly(params string[] keywords)
    {
        foreach (var property in Element.EnumerateObject())
        {
            if (!keywords.Contains(property.Name) && !Silent.Contains(property.Name))
            {
                throw (Find(property.Name) ?? this).Wrong("is not supported here");
            }
        }
    }

    public IEnumerable<SchemaPart> Items(int least)
    {
        if (Element.ValueKind != JsonValueKind.Array || Element.GetArrayLength() < least || Element.GetArrayLength() > MostItems)
        {
            throw Wrong($"must be a list of {least} to {MostItems} values");
        }

        return Element.EnumerateArray().Select((item, index) => this with { Element = item, Path = $"{Path}[{index}]" });
    }

    public IReadOnlyList<(string Name, SchemaPart Part)> Properties() => Element.ValueKind != JsonValueKind.Object
        ? throw Wrong("must be an object")
        : [.. Element.EnumerateObject().Select(property => (
            Checked(property.Name),
            this with { Element = property.Value, Path = $"{Path}.{property.Name}", Depth = Depth + 1 }))];

    public string Text() => Element.ValueKind == JsonValueKind.String ? Checked(Element.GetString()!) : throw Wrong("must be a text");

    /// <summary>The value as the answer has to write it.</summary>
    public string Literal() => Element.ValueKind switch
    {
        JsonValueKind.String => JsonWords.Quote(Text()),
        JsonValueKind.Number => Checked(Element.GetRawText()),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Null => "null",
        _ => throw Wrong("must be a text, a number, true, false or null"),
    };

    /// <summary>False when a 'type' stands here and a value of this kind is not of it.</summary>
    public bool AllowsType(JsonValueKind kind)
    {
        if (Find("type") is not { } type)
        {
            return true;
        }

        var types = type.Element.ValueKind == JsonValueKind.Array ? type.Items(1).Select(each => each.Text()) : [type.Text()];
        return types.Any(name => kind switch
        {
            JsonValueKind.String => name == "string",
            JsonValueKind.Number => name is "number" or "integer",
            JsonValueKind.Null => name == "null",
            _ => name == "boolean",
        });
    }

    public (int Least, int? Most) Bounds(string leastKeyword, string mostKeyword)
    {
        var least = Find(leastKeyword)?.Count() ?? 0;
        var most = Find(mostKeyword)?.Count();
        return most < least ? throw Wrong($"has a '{mostKeyword}' below its '{leastKeyword}'") : (least, most);
    }

    public StructureException Wrong(string what) => new(Path, what);

    private int Count() => Element.ValueKind == JsonValueKind.Number && Element.TryGetInt32(out var count) && count is >= 0 and <= Gbnf.MostRepeats
        ? count
        : throw Wrong($"must be a whole number from 0 to {Gbnf.MostRepeats}");

    private string Checked(string text) => text.Length <= LongestText
        ? text
        : throw Wrong($"must have at most {LongestText} characters");
}
