using System.Text.Json;
using System.Text.RegularExpressions;

namespace ShopifyLlmGuard.Simulator.Admin;

/// <summary>What one attribute accepts; null members are absent in the script.</summary>
/// <remarks>
/// `Kind` is boolean, number, text, size or words. Words lists the accepted ones, of which a value may combine up to `Most`.
/// </remarks>
internal sealed record PolarisAttribute(string Field, string Kind, IReadOnlyList<string>? Words, int Most, bool Responsive);

/// <summary>One component of Shopify's official manifest.</summary>
internal sealed record PolarisElement(IReadOnlyDictionary<string, PolarisAttribute> Attributes, IReadOnlyList<string> Slots);

/// <summary>Reads `custom-elements.json` of @shopify/polaris-types.</summary>
internal static partial class PolarisManifest
{
    private static readonly string[] Sizes =
    [
        "small-500", "small-400", "small-300", "small-200", "small-100", "small", "base",
        "large", "large-100", "large-200", "large-300", "large-400", "large-500", "none",
    ];

    private static readonly Dictionary<string, string[]> Aliases = new()
    {
        ["PaddingKeyword"] = Sizes,
        ["SpacingKeyword"] = Sizes,
        ["BoxBorderStyles"] = ["none", "solid", "dashed", "auto"],
        ["BoxBorderRadii"] = ["none", "small-200", "small-100", "small", "base", "large", "large-100", "large-200", "max"],
        ["BorderShorthand"] = [.. Sizes, "subdued", "strong", "solid", "dashed", "dotted", "auto"],
    };

    public static SortedDictionary<string, PolarisElement> Read(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        var declarations = document.RootElement.GetProperty("modules").EnumerateArray()
            .SelectMany(module => module.GetProperty("declarations").EnumerateArray())
            .Where(declaration => declaration.TryGetProperty("tagName", out _));
        return new(declarations.ToDictionary(
            declaration => declaration.GetProperty("tagName").GetString()!,
            declaration => new PolarisElement(ReadAttributes(declaration), ReadSlots(declaration))));
    }

    private static Dictionary<string, PolarisAttribute> ReadAttributes(JsonElement declaration)
    {
        var attributes = new Dictionary<string, PolarisAttribute>();
        foreach (var attribute in Each(declaration, "attributes"))
        {
            var name = Text(attribute, "name");
            var type = Text(attribute.GetProperty("type"), "text");

            // Methods and children are listed like attributes, but nobody can write them in markup.
            if (name != "children" && !type.Contains("=>", StringComparison.Ordinal))
            {
                attributes.TryAdd(name, Rule(name, Text(attribute, "fieldName"), type));
            }
        }

        return attributes;
    }

    private static List<string> ReadSlots(JsonElement declaration) =>
        [.. Each(declaration, "slots").Select(slot => Text(slot, "name"))];

    private static PolarisAttribute Rule(string name, string field, string type)
    {
        var words = Quoted().Matches(type).Select(match => match.Groups[1].Value)
            .Concat(Aliases.Where(alias => type.Contains(alias.Key, StringComparison.Ordinal)).SelectMany(alias => alias.Value))
            .Distinct().ToList();
        var open = type.Contains('`', StringComparison.Ordinal) || type.Contains("more ...", StringComparison.Ordinal)
            || type.Contains("AlignItemsKeyword", StringComparison.Ordinal)
            || name is "gridcolumn" or "gridrow" or "scrollmargin" or "autocomplete";
        var kind = type is "boolean" ? "boolean"
            : type is "number" ? "number"
            : name.EndsWith("size", StringComparison.Ordinal) && words.Contains("0") ? "size"
            : words.Count == 0 || open ? "text"
            : "words";
        var most = type.Contains("MaybeAllValues", StringComparison.Ordinal) ? 4
            : type.Contains("BorderShorthand", StringComparison.Ordinal) ? 3
            : type.Contains("MaybeTwoValues", StringComparison.Ordinal) ? 2 : 1;
        var responsive = type.Contains("MaybeResponsive", StringComparison.Ordinal) || name is "display" || kind is "size";
        return new(field, kind, kind is "words" or "size" ? words : null, most, responsive);
    }

    private static JsonElement.ArrayEnumerator Each(JsonElement element, string property) =>
        element.TryGetProperty(property, out var list) ? list.EnumerateArray() : default;

    private static string Text(JsonElement element, string property) =>
        element.TryGetProperty(property, out var text) ? text.GetString()! : "";

    [GeneratedRegex("\"([^\"]*)\"")]
    private static partial Regex Quoted();
}
