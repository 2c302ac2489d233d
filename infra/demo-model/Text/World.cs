using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.DemoModel.Text;

/// <summary>A kind of product that a healthcare shop may sell.</summary>
internal sealed record ProductType(string Name, IReadOnlyList<string> Nouns, string Plural, IReadOnlyList<string> Uses,
    IReadOnlyList<string> Features)
{
    public bool IsPlural => Name.EndsWith('s') && !Name.EndsWith("ss", StringComparison.Ordinal);
}

/// <summary>What shoppers may want, and the words in a summary that satisfy it.</summary>
internal sealed record Need(Regex Match, IReadOnlyList<string> For, IReadOnlyList<string> That, IReadOnlyList<string> Says);

/// <summary>A product as the generator knows it: the prompt's line and the parts that it was made of.</summary>
internal sealed record Item(ProductType Type, PromptProduct Prompt, string Head, IReadOnlyList<string> Features)
{
    public bool Satisfies(Need need) => need.Match.IsMatch(Prompt.Summary);

    public bool IsCalled(string noun) => Type.Nouns.Contains(noun) || Type.Name == noun || Type.Plural == noun;

    /// <summary>The features with the one that answers the need first.</summary>
    public IReadOnlyList<string> FeaturesFor(Need need) =>
        [.. Features.OrderBy(feature => need.Match.IsMatch(feature) ? 0 : 1)];
}

/// <summary>The types and needs that all texts are made of, and the demo shop's own products.</summary>
internal static class World
{
    public static IReadOnlyList<ProductType> Types { get; } = [.. Lines("types.txt").Select(line =>
    {
        var parts = line.Split(" | ");
        return new ProductType(parts[0], List(parts[1]), parts[2], List(parts[3]), List(parts[4]));
    })];

    public static IReadOnlyList<Need> Needs { get; } = [.. Lines("needs.txt").Select(line =>
    {
        var sides = line.Split(" : ");
        var parts = sides[1].Split(" | ");
        var words = string.Join('|', List(sides[0]).Select(Regex.Escape));
        return new Need(new Regex($@"\b({words})\b"), Phrases(parts[0]), Phrases(parts[1]), Phrases(parts[2]));
    })];

    /// <summary>Reads a shop's products file; an item's parts are found again in its summary.</summary>
    public static IReadOnlyList<Item> Shop(string path) => [.. JsonDocument.Parse(File.ReadAllText(path)).RootElement
        .EnumerateArray().Select(product => Parse(new PromptProduct(product.GetProperty("title").GetString()!,
            PromptProduct.FirstSentence(product.GetProperty("description").GetString()!))))];

    private static Item Parse(PromptProduct product)
    {
        var cut = product.Summary.IndexOf(" with ", StringComparison.Ordinal);
        var head = product.Summary[..cut];
        var type = Types.OrderByDescending(type => Likeness(type, $"{product.Title} {head}")).First();
        var features = product.Summary[(cut + 6)..].Replace(" and ", ", ", StringComparison.Ordinal).Split(", ");
        return new Item(type, product, Words.LowerFirst(head), features);
    }

    private static int Likeness(ProductType type, string text) => type.Nouns.Append(type.Name)
        .Where(noun => text.Contains(noun, StringComparison.OrdinalIgnoreCase)).Sum(noun => noun.Length);

    /// <summary>The lines of a text file that this program carries, without comments.</summary>
    public static List<string> Lines(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        return new StreamReader(stream).ReadToEnd().Split('\n').Where(line => line.Length > 0 && line[0] != '#').ToList();
    }

    private static string[] List(string text) => text.Split(", ");

    private static string[] Phrases(string text) => text.Split("; ");
}
