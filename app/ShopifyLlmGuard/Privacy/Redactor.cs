using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace ShopifyLlmGuard.Privacy;

/// <summary>Takes what identifies a person out of a text, before a model sees it. Deterministic; it will not find everything.</summary>
/// <remarks>One redactor serves one request: the same value gets the same placeholder in every turn, and the map dies with it.</remarks>
internal sealed partial class Redactor
{
    private readonly Dictionary<string, string> placeholders = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, int> counts = [];

    /// <summary>How many different values were taken out, by kind.</summary>
    public IReadOnlyDictionary<string, int> Counts => counts;

    /// <summary>The text with placeholders such as <c>{email-1}</c>.</summary>
    public string Redact(string text)
    {
        // A shopper must not be able to type the model's own control tokens.
        return Hide(text.Replace("<|", "< |", StringComparison.Ordinal).Replace("|>", "| >", StringComparison.Ordinal));
    }

    /// <summary>The same for a text that is no part of the prompt, and may name control tokens: where the answer shall stop.</summary>
    public string Hide(string text)
    {
        text = Email().Replace(text, match => Placeholder("email", match.Value));
        text = Iban().Replace(text, match => IsIban(match.Value) ? Placeholder("iban", match.Value) : match.Value);
        text = BirthDate().Replace(text, match => Placeholder("date", match.Value));
        text = Phone().Replace(text, match => Digits(match.Value) is >= 7 and <= 15 ? Placeholder("phone", match.Value) : match.Value);
        return LongNumber().Replace(text, match => Digits(match.Value) >= 6 ? Placeholder("number", match.Value) : match.Value);
    }

    /// <summary>Puts the shopper's own values back into what the shopper will read.</summary>
    public string Restore(string text)
    {
        foreach (var (value, placeholder) in placeholders)
        {
            text = text.Replace(placeholder, value, StringComparison.Ordinal);
        }

        return text;
    }

    private string Placeholder(string kind, string value)
    {
        if (!placeholders.TryGetValue(value, out var placeholder))
        {
            counts[kind] = counts.GetValueOrDefault(kind) + 1;
            placeholders[value] = placeholder = $"{{{kind}-{counts[kind]}}}";
        }

        return placeholder;
    }

    private static int Digits(string text) => text.Count(char.IsAsciiDigit);

    private static bool IsIban(string text)
    {
        var compact = text.Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant();
        if (compact.Length is < 15 or > 34)
        {
            return false;
        }

        var digits = string.Concat((compact[4..] + compact[..4]).Select(character =>
            char.IsAsciiDigit(character) ? character.ToString() : (character - 'A' + 10).ToString(CultureInfo.InvariantCulture)));
        return BigInteger.Parse(digits, CultureInfo.InvariantCulture) % 97 == 1;
    }

    [GeneratedRegex(@"[\p{L}\p{N}._%+\-]+@[\p{L}\p{N}.\-]+\.\p{L}{2,}", RegexOptions.None, 1000)]
    private static partial Regex Email();

    [GeneratedRegex(@"\b[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,3})?\b", RegexOptions.None, 1000)]
    private static partial Regex Iban();

    [GeneratedRegex(@"\b(?:\d{1,2}[./\-]\d{1,2}[./\-](?:19|20)\d{2}|(?:19|20)\d{2}-\d{1,2}-\d{1,2}|\d{1,2}(?:st|nd|rd|th|\.)? (?:of )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\p{L}*\.?,? (?:19|20)\d{2}|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\p{L}*\.? \d{1,2}(?:st|nd|rd|th)?,? (?:19|20)\d{2})\b", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex BirthDate();

    // With a country code or a leading zero; "120/80", "37.5" and "22 to 42 cm" must stay readable.
    [GeneratedRegex(@"(?<![\p{L}\d.,/])(?:\+|00|\(?0)\d(?:[ \-/().]{0,2}\d){6,14}(?![\d/])", RegexOptions.None, 1000)]
    private static partial Regex Phone();

    [GeneratedRegex(@"(?<![\p{N}.,])\p{L}?\d(?:[ \-]?\d){5,}(?![\p{N}])", RegexOptions.None, 1000)]
    private static partial Regex LongNumber();
}
