using System.Text.RegularExpressions;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.DemoModel.Text;
using ShopifyLlmGuard.DemoModel.Tokens;
using ShopifyLlmGuard.Recommendations;

namespace ShopifyLlmGuard.DemoModel.Checks;

/// <summary>
/// One answer and what is right about it. Whole: it ends by itself, with a full stop, and repeats
/// no feature. Listed: retrieval found a fitting product. Fits: the answer names one.
/// Faithful: every word comes from the question, the named product's line or the assistant's own few words.
/// Honest: faithful and without a marker that the list lacks, or one of the fixed sentences that name nothing.
/// </summary>
internal sealed record Judged(string Question, string Answer, bool Listed, bool Whole, bool ValidMarker, bool Fits,
    bool Faithful, bool Honest)
{
    public bool Good => Whole && ValidMarker && Fits && Faithful;
}

/// <summary>Asks the exported model questions about the demo shop through the library's own prompts.</summary>
internal sealed partial class Quality(ExportedModel model, Tokenizer tokenizer, Retrieval shop)
{
    private const int MaxTokens = 96;
    private const int MaxReasonTokens = 160;

    private static readonly HashSet<string> OwnWords = [.. ("is a an good choice for with and i suggest we have yes one then comes it "
        + "also has that of the").Split(' ')];

    public (string Answer, bool Ended) Ask(string question, IReadOnlyList<Found> products)
    {
        var system = ChatPrompt.System("Carewell", [.. products.Select(product => product.Prompt)]);
        return Ask(system, question, MaxTokens);
    }

    /// <summary>One line of reason per candidate, and whether it is exactly that.</summary>
    public (string Answer, bool Whole) AskReasons(Found viewed, IReadOnlyList<Found> candidates)
    {
        var system = RecommendationPrompt.System("Carewell", [.. candidates.Select(product => product.Prompt)]);
        var (answer, ended) = Ask(system, RecommendationPrompt.User(viewed.Prompt), MaxReasonTokens);
        var lines = answer.Split('\n');
        return (answer, ended && lines.Length == candidates.Count && lines.Select((line, index) => (line, index))
            .All(pair => pair.line.StartsWith($"[{pair.index + 1}] ", StringComparison.Ordinal) && pair.line.EndsWith('.')));
    }

    private (string Answer, bool Ended) Ask(string system, string user, int limit)
    {
        var (tokens, ended) = model.Continue(model.Render(system, user), limit);
        return (tokenizer.Decode(tokens), ended);
    }

    public Judged Judge(string question, string[] fits, IReadOnlyList<Found> products)
    {
        var (answer, ended) = Ask(question, products);
        var markers = Marker().Matches(answer).Select(match => int.Parse(match.Groups[1].Value, null)).ToList();
        var valid = markers.Count > 0 && markers.All(marker => marker >= 1 && marker <= products.Count);
        var named = valid ? products[markers[0] - 1] : null;
        var known = Words(named?.Prompt.Line + " " + question).Concat(OwnWords).ToHashSet();
        var faithful = Words(Marker().Replace(answer, "")).All(known.Contains);
        return new Judged(question, answer, products.Any(product => fits.Contains(product.Handle)),
            ended && answer.EndsWith('.') && !Repeated().IsMatch(answer), valid, named is not null && fits.Contains(named.Handle),
            faithful, (valid && faithful) || SmallTalk.Answers.Contains(answer));
    }

    /// <summary>The same four products with the fitting one in every place in turn: what the order cannot tell.</summary>
    public (int Right, int Asked) Choosing(string question, string[] fits)
    {
        var fitting = shop.Products.First(product => product.Handle == fits[0]);
        var others = shop.Search(question).Concat(shop.Products).Where(product => !fits.Contains(product.Handle))
            .Distinct().Take(3).ToList();
        var right = Enumerable.Range(0, 4).Count(place =>
        {
            List<Found> list = [.. others];
            list.Insert(place, fitting);
            return Marker().Match(Ask(question, list).Answer).Value == $"[{place + 1}]";
        });
        return (right, 4);
    }

    private static IEnumerable<string> Words(string text) => Word().Matches(text.ToLowerInvariant()).Select(match => match.Value);

    [GeneratedRegex(@"\[(\d+)\]")]
    private static partial Regex Marker();

    /// <summary>The same feature twice in one answer.</summary>
    [GeneratedRegex(@"(?:with|has|and|,) ([\w -]{4,}?)(?=,|\.| and ).*(?:with|has|and|,) \1(?=,|\.| and )")]
    private static partial Regex Repeated();

    [GeneratedRegex("[a-z0-9]+")]
    private static partial Regex Word();
}
