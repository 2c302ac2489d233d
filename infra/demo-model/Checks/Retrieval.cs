using System.Text.Json;
using System.Text.RegularExpressions;
using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.DemoModel.Checks;

/// <summary>A product of the demo shop, and what each word in it weighs for a search.</summary>
internal sealed record Found(string Handle, PromptProduct Prompt, IReadOnlyDictionary<string, double> Words);

/// <summary>A keyword ranking that stands in for the guard's full-text search, with that search's weights for the fields.</summary>
internal sealed partial class Retrieval
{
    private static readonly HashSet<string> Fill = [.. ("a an the is are do does you have i my me we our for with of to in on at "
        + "and or it that this which what can will be not when while who too from how there any some am your").Split(' ')];

    private readonly Dictionary<string, int> spread;

    public Retrieval(string shopFile)
    {
        Products = [.. JsonDocument.Parse(File.ReadAllText(shopFile)).RootElement.EnumerateArray().Select(Read)];
        spread = Products.SelectMany(product => product.Words.Keys)
            .GroupBy(word => word).ToDictionary(group => group.Key, group => group.Count());
    }

    public IReadOnlyList<Found> Products { get; }

    /// <summary>At most four products, the best match first.</summary>
    public IReadOnlyList<Found> Search(string question)
    {
        var words = Stems(question).Distinct().Where(spread.ContainsKey).ToList();
        return [.. Products.Select(product => (product, Score: words.Sum(word =>
                Rarity(word) * product.Words.GetValueOrDefault(word))))
            .Where(pair => pair.Score > 0).OrderByDescending(pair => pair.Score).Take(4).Select(pair => pair.product)];
    }

    private double Rarity(string word) => Math.Log(1 + ((double)Products.Count / spread[word]));

    private static Found Read(JsonElement product)
    {
        string Text(string name) => product.GetProperty(name).GetString()!;
        var tags = string.Join(' ', product.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));
        var words = Weighed(Text("title"), 1).Concat(Weighed(tags, 0.6)).Concat(Weighed(Text("product_type"), 0.4))
            .Concat(Weighed(Text("description"), 0.2)).GroupBy(pair => pair.Word)
            .ToDictionary(group => group.Key, group => group.Max(pair => pair.Weight));
        return new Found(Text("handle"), new PromptProduct(Text("title"), PromptProduct.FirstSentence(Text("description"))), words);
    }

    private static IEnumerable<(string Word, double Weight)> Weighed(string text, double weight) =>
        Stems(text).Select(word => (word, weight));

    private static IEnumerable<string> Stems(string text) => Word().Matches(text.ToLowerInvariant())
        .Select(match => match.Value).Where(word => !Fill.Contains(word)).Select(word => Ending().Replace(word, ""));

    [GeneratedRegex("[a-z0-9]+")]
    private static partial Regex Word();

    [GeneratedRegex("(?<=[a-z]{3})(m?ming|ing|ers?|es|s)$")]
    private static partial Regex Ending();
}
