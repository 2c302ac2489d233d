using System.Text.Json;
using System.Text.RegularExpressions;
using AngleSharp.Dom;

namespace ShopifyLlmGuard.Tests.Admin;

/// <summary>Shopify's own manifest of the Polaris web components, and what it says about an element in a page.</summary>
internal sealed partial class PolarisManifest
{
    private static readonly string[] Global = ["id", "slot", "class", "hidden", "lang", "dir"];
    private readonly Dictionary<string, JsonElement> elements;

    private PolarisManifest(JsonElement root) => elements = root.GetProperty("modules").EnumerateArray()
        .SelectMany(module => module.GetProperty("declarations").EnumerateArray())
        .Where(declaration => declaration.TryGetProperty("tagName", out _))
        .ToDictionary(declaration => declaration.GetProperty("tagName").GetString()!);

    public static PolarisManifest Read()
    {
        var path = Path.Combine(Root, "tests/node_modules/@shopify/polaris-types/dist/custom-elements.json");
        return File.Exists(path)
            ? new PolarisManifest(JsonDocument.Parse(File.ReadAllText(path)).RootElement)
            : throw new InvalidOperationException("Shopify's component manifest is missing: run npm ci --ignore-scripts in tests/.");
    }

    public static string Root { get; } = FindRoot();

    /// <summary>Everything that the manifest does not know about the s-* elements below.</summary>
    public IEnumerable<string> Mistakes(IParentNode page) =>
        page.QuerySelectorAll("*").Where(element => element.LocalName.StartsWith("s-", StringComparison.Ordinal)).SelectMany(Mistakes);

    private IEnumerable<string> Mistakes(IElement element)
    {
        // App Bridge's menu is not a Polaris component; it only takes links.
        if (element.LocalName == "s-app-nav")
        {
            return element.Children.Any(child => child.LocalName is not ("s-link" or "a")) ? ["s-app-nav holds more than links"] : [];
        }

        if (!elements.TryGetValue(element.LocalName, out var known))
        {
            return [$"{element.LocalName} does not exist"];
        }

        var attributes = known.TryGetProperty("attributes", out var list) ? list.EnumerateArray().ToList() : [];
        return element.Attributes.Select(attribute => Mistake(element, attribute, attributes)).Append(SlotMistake(element)).OfType<string>();
    }

    private static string? Mistake(IElement element, IAttr attribute, List<JsonElement> known)
    {
        var named = known.Where(candidate => candidate.GetProperty("name").GetString() == attribute.Name).ToList();
        if (named.Count == 0)
        {
            var isGlobal = attribute.Name.StartsWith("data-", StringComparison.Ordinal) || attribute.Name.StartsWith("aria-", StringComparison.Ordinal)
                || Global.Contains(attribute.Name);
            return isGlobal ? null : $"{element.LocalName} has no attribute {attribute.Name}";
        }

        var type = named[0].GetProperty("type").GetProperty("text").GetString()!;
        var values = Quoted().Matches(type).Select(match => match.Groups[1].Value).ToList();
        var isEnumeration = values.Count > 0 && OnlyQuoted().IsMatch(type) && !type.Contains("... ", StringComparison.Ordinal);
        return isEnumeration && !values.Contains(attribute.Value)
            ? $"{element.LocalName} {attribute.Name}=\"{attribute.Value}\" is not one of {string.Join(", ", values)}"
            : type == "number" && !double.TryParse(attribute.Value, out _) ? $"{element.LocalName} {attribute.Name} is not a number"
            : null;
    }

    private string? SlotMistake(IElement element)
    {
        // Any child may be slotted, so the parent is asked.
        return element.GetAttribute("slot") is { } slot && element.ParentElement is { } parent && elements.TryGetValue(parent.LocalName, out var known)
            && !known.GetProperty("slots").EnumerateArray().Any(candidate => candidate.GetProperty("name").GetString() == slot)
                ? $"{parent.LocalName} has no slot {slot}"
                : null;
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "ShopifyLlmGuard.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The repository's root was not found.");
        }

        return folder;
    }

    [GeneratedRegex("\"([^\"]*)\"")]
    private static partial Regex Quoted();

    [GeneratedRegex("^(\"[^\"]*\"( \\| )?)+$")]
    private static partial Regex OnlyQuoted();
}
