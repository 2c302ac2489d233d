using System.Globalization;
using System.Text.RegularExpressions;
using ShopifyLlmGuard.Catalog;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Chat;

/// <summary>A model's answer is the word of a stranger: what does not pass here, no shopper sees.</summary>
internal static partial class AnswerCheck
{
    public const int LongestAnswer = 700;

    /// <summary>Why the text may not be shown; null when it may.</summary>
    /// <param name="text">What the model wrote.</param>
    /// <param name="products">How many products stood in the prompt.</param>
    public static string? Problem(string text, int products)
    {
        var trimmed = text.Trim();
        if (trimmed.Length == 0)
        {
            return Reasons.EmptyAnswer;
        }

        var isUsable = trimmed.Length <= LongestAnswer
            && !Forbidden().IsMatch(trimmed)
            && !trimmed.Any(character => char.IsControl(character) && character is not ('\n' or '\r' or '\t'))
            && Markers(trimmed).All(marker => marker >= 1 && marker <= products)
            && Brackets().Replace(trimmed, "").IndexOfAny(['[', ']']) < 0
            && trimmed.Any(char.IsLetter);
        return isUsable ? null : Reasons.UnusableAnswer;
    }

    /// <summary>The text with titles for markers, and the products in the order in which it names them.</summary>
    public static (string Text, IReadOnlyList<CatalogProduct> Named) Render(string text, IReadOnlyList<CatalogProduct> products)
    {
        var named = Markers(text).Distinct().Select(marker => products[marker - 1]).ToList();
        var rendered = Brackets().Replace(text.Trim(), match => products[Number(match) - 1].Title);
        return (Blanks().Replace(rendered, " "), named);
    }

    /// <summary>The numbers of all markers, in order; 0 for one that is no number that we gave.</summary>
    internal static IEnumerable<int> Markers(string text) => Brackets().Matches(text).Select(Number);

    private static int Number(Match match) =>
        int.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    [GeneratedRegex(@"\[(\d{1,9})\]")]
    private static partial Regex Brackets();

    // Control tokens, addresses, prices and markup: the guard writes those itself, from the catalogue, or nobody does.
    [GeneratedRegex(@"<\||\|>|</?[a-z!]|https?:|www\.|\]\(|[€$£]\s*\d|\d\s*[€$£]|\b\d+(?:[.,]\d+)?\s*(?:EUR|USD|GBP|CHF)\b", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Forbidden();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
