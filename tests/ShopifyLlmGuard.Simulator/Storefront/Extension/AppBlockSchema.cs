using System.Text.Json;
using System.Text.Json.Nodes;
using ShopifyLlmGuard.Simulator.Storefront.Liquid;

namespace ShopifyLlmGuard.Simulator.Storefront.Extension;

/// <summary>The <c>{% schema %}</c> of an app block, read as strictly as Shopify reads it at deployment.</summary>
/// <param name="Name">Shown in the theme editor, at most 25 characters.</param>
/// <param name="Target"><c>section</c> for an app block; <c>head</c>, <c>compliance_head</c> or <c>body</c> for an app embed.</param>
/// <param name="Javascript">Asset that Shopify injects once, if any.</param>
/// <param name="Stylesheet">Asset that Shopify injects once, if any.</param>
/// <param name="Templates">Page types it may stand on; null: any.</param>
/// <param name="AvailableIf">Metafield of the app (<c>namespace.key</c>, boolean) without which it is not there at all.</param>
/// <param name="Settings">Defaults by id.</param>
internal sealed record AppBlockSchema(
    string Name, string Target, string? Javascript, string? Stylesheet, IReadOnlySet<string>? Templates,
    (string Namespace, string Key)? AvailableIf, IReadOnlyDictionary<string, JsonNode?> Settings)
{
    private static readonly string[] Keys =
        ["name", "target", "javascript", "stylesheet", "enabled_on", "disabled_on", "class", "tag", "settings", "default", "available_if"];

    private static readonly string[] SettingTypes =
    [
        "checkbox", "collection", "collection_list", "color", "header", "html", "image_picker", "inline_richtext", "number", "page",
        "paragraph", "product", "product_list", "radio", "range", "richtext", "select", "text", "textarea", "url",
    ];

    public static AppBlockSchema Read(LiquidSource source, string assets)
    {
        try
        {
            var schema = JsonNode.Parse(source.Schema ?? throw new JsonException("An app block needs a schema."))!.AsObject();
            Require(schema.All(pair => Keys.Contains(pair.Key)), "Unknown key in the schema.");
            var name = Words((string?)schema["name"], Path.Combine(assets, "..", "locales", "en.default.schema.json"));
            Require(name is { Length: > 0 and <= 25 }, $"The schema's name needs 1 to 25 characters, not '{name}'.");
            Require((string?)schema["target"] is "section" or "head" or "compliance_head" or "body", "Unknown target.");
            Require(!(schema.ContainsKey("enabled_on") && schema.ContainsKey("disabled_on")), "enabled_on and disabled_on exclude each other.");
            return new(
                name!, (string)schema["target"]!, Asset(schema, "javascript", assets), Asset(schema, "stylesheet", assets),
                (schema["enabled_on"]?["templates"] as JsonArray)?.Select(template => (string)template!).ToHashSet(),
                Metafield((string?)schema["available_if"]), Defaults(schema["settings"] as JsonArray ?? []));
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            throw new LiquidError(source.Name, source.SchemaLine + (int)((wrong as JsonException)?.LineNumber ?? 0), wrong.Message, wrong);
        }
    }

    private static Dictionary<string, JsonNode?> Defaults(JsonArray settings)
    {
        var defaults = new Dictionary<string, JsonNode?>();
        foreach (var setting in settings)
        {
            var type = (string?)setting!["type"];
            Require(SettingTypes.Contains(type), $"Unknown setting type '{type}'.");
            if (type is "header" or "paragraph")
            {
                Require(setting["content"] is not null, "A header needs content.");
                continue;
            }

            Require((string?)setting["id"] is { Length: > 0 } id && defaults.TryAdd(id, setting["default"]), "A setting needs an id of its own.");
            Require(setting["label"] is not null, $"The setting '{setting["id"]}' needs a label.");
            Require(type != "range" || (setting["min"] is not null && setting["max"] is not null && setting["default"] is not null),
                $"The range '{setting["id"]}' needs min, max and default.");
        }

        return defaults;
    }

    // "t:key" stands for a text of the schema's own locale file.
    private static string? Words(string? text, string locale)
    {
        if (text is null || !text.StartsWith("t:", StringComparison.Ordinal))
        {
            return text;
        }

        JsonNode? node = JsonNode.Parse(File.ReadAllText(locale));
        foreach (var part in text[2..].Split('.'))
        {
            node = (node as JsonObject)?[part];
        }

        Require(node is JsonValue, $"There is no text '{text}' in {Path.GetFileName(locale)}.");
        return (string?)node;
    }

    private static string? Asset(JsonObject schema, string key, string assets)
    {
        var file = (string?)schema[key];
        Require(file is null || File.Exists(Path.Combine(assets, file)), $"There is no asset '{file}'.");
        return file;
    }

    private static (string, string)? Metafield(string? expression)
    {
        if (expression is null)
        {
            return null;
        }

        var parts = expression.Trim('{', '}', ' ').Split('.');
        Require(parts is ["app", "metafields", _, _], "available_if must be {{ app.metafields.namespace.key }}.");
        return (parts[2], parts[3]);
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new JsonException(otherwise);
        }
    }
}
