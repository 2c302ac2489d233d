using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Fluid;

namespace ShopifyLlmGuard.Simulator.Storefront.Liquid;

/// <summary>The texts of one locales folder: <c>en.default.json</c>, <c>de.json</c>; a key that a language lacks comes from the default.</summary>
internal sealed partial class Locales(string folder)
{
    public const string Default = "en";

    /// <summary>What the shop publishes, the default first.</summary>
    public static readonly IReadOnlyList<string> Published = [Default, "de"];

    private readonly FileCache<JsonNode> files = new(path => JsonNode.Parse(
        File.ReadAllText(path), documentOptions: new() { CommentHandling = JsonCommentHandling.Disallow })!);

    /// <summary>The text behind a dotted key, with its <c>{{ placeholders }}</c> filled.</summary>
    public string Translate(string locale, string key, IReadOnlyDictionary<string, string> values)
    {
        var found = (locale == Default ? null : Find($"{locale}.json", key)) ?? Find($"{Default}.default.json", key);
        if (found is JsonObject plural && values.TryGetValue("count", out var count))
        {
            found = plural[count == "1" ? "one" : "other"];
        }

        var text = (found as JsonValue)?.GetValue<string>()
            ?? throw new FluidException($"Undefined translation '{key}' in {Path.GetFileName(Path.GetDirectoryName(folder))}/locales");
        var html = key.EndsWith("_html", StringComparison.Ordinal);
        return Placeholder().Replace(text, match => values.TryGetValue(match.Groups[1].Value, out var value)
            ? html ? value : System.Net.WebUtility.HtmlEncode(value)
            : throw new FluidException($"Undefined placeholder '{match.Groups[1].Value}' of the translation '{key}'"));
    }

    private JsonNode? Find(string file, string key)
    {
        var path = Path.Combine(folder, file);
        var node = File.Exists(path) ? files.Get(path) : null;
        foreach (var part in key.Split('.'))
        {
            node = (node as JsonObject)?[part];
        }

        return node;
    }

    [GeneratedRegex(@"\{\{\s*(\w+)\s*\}\}")]
    private static partial Regex Placeholder();
}
