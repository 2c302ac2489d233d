using System.Text.Json;
using System.Text.RegularExpressions;
using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.DemoModel.Checks;

/// <summary>A product of the demo shop with the words that a search would find it by.</summary>
internal sealed record Found(string Handle, PromptProduct Prompt, IReadOnlyList<string> Title, IReadOnlyList<string> Rest);

/// <summary>A plain keyword ranking that stands in for the guard's full-text search.</summary>
internal sealed partial class Retrieval
{
    private static readonly HashSet<string> Fill = [.. ("a an the is are do does you have i my me we our for with of to in on at "
        + "and or it that this which what can could would like need want something there any please good best your get go use "
        + "take some am be not when while who will too from how one help suggest").Split(' ')];

    private readonly Dictionary<string, int> spread;

    public Retrieval(string shopFile)
    {
        Products = [.. JsonDocument.Parse(File.ReadAllText(shopFile)).RootElement.EnumerateArray().Select(Read)];
        spread = Products.SelectMany(product => product.Title.Concat(product.Rest).Distinct())
            .GroupBy(word => word).ToDictionary(group => group.Key, group => group.Count());
    }

    public IReadOnlyList<Found> Products { get; }

    /// <summary>At most four products, the best match first.</summary>
    public IReadOnlyList<Found> Search(string question)
    {
        var words = Stems(question).Distinct().Where(spread.ContainsKey).ToList();
        return [.. Products.Select(product => (product, Score: words.Sum(word => Rarity(word)
                * ((product.Title.Contains(word) ? 2 : 0) + (product.Rest.Contains(word) ? 1 : 0)))))
            .Where(pair => pair.Score > 0).OrderByDescending(pair => pair.Score).Take(4).Select(pair => pair.product)];
    }

    private double Rarity(string word) => Math.Log(1 + ((double)Products.Count / spread[word]));

    private static Found Read(JsonElement product)
    {
        string Text(string name) => product.GetProperty(name).GetString()!;
        var tags = string.Join(' ', product.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));
        return new Found(Text("handle"), new PromptProduct(Text("title"), PromptProduct.FirstSentence(Text("description"))),
            [.. Stems(Text("title") + " " + Text("product_type"))], [.. Stems(tags + " " + Text("description"))]);
    }

    private static IEnumerable<string> Stems(string text) => Word().Matches(text.ToLowerInvariant())
        .Select(match => match.Value).Where(word => !Fill.Contains(word))
        .Select(word => word.Length > 3 ? word.TrimEnd('s') : word);

    [GeneratedRegex("[a-z0-9]+")]
    private static partial Regex Word();
}
