using System.Text.RegularExpressions;

namespace ShopifyLlmGuard.Simulator.Storefront.Liquid;

/// <summary>One Liquid file with its schema cut out.</summary>
/// <param name="Name">Path inside the theme or the extension.</param>
/// <param name="Text">What the parser reads; lines keep their numbers.</param>
/// <param name="Schema">The JSON between <c>{% schema %}</c> and <c>{% endschema %}</c>.</param>
/// <param name="SchemaLine">Where that JSON begins.</param>
internal sealed partial record LiquidSource(string Name, string Text, string? Schema, int SchemaLine)
{
    public static LiquidSource Read(string root, string path)
    {
        var name = Path.GetRelativePath(root, path);
        var text = File.ReadAllText(path);
        var schema = SchemaBlock().Match(text);
        return schema.Success
            ? new(name, text.Replace(schema.Value, new string('\n', schema.Value.Count(letter => letter == '\n')), StringComparison.Ordinal),
                schema.Groups["json"].Value, 1 + text.AsSpan(0, schema.Groups["json"].Index).Count('\n'))
            : new(name, text, null, 1);
    }

    [GeneratedRegex(@"\{%-?\s*schema\s*-?%\}(?<json>.*?)\{%-?\s*endschema\s*-?%\}", RegexOptions.Singleline)]
    private static partial Regex SchemaBlock();
}
