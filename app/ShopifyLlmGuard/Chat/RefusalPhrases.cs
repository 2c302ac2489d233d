using System.Text.RegularExpressions;
using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.Chat;

/// <summary>
/// Whether a model would not answer a question. Nothing is made of it for the shopper, a refusal is a result; but a release that refuses
/// far more than the one before is a bad one. Hosts say it, or else the first words do.
/// </summary>
internal static partial class RefusalPhrases
{
    private const string SaidByHost = "content_filter";
    private const int Beginning = 120;

    public static bool IsRefusal(Attempt attempt) => attempt.Finish == SaidByHost || (attempt.Text is { } text && IsRefusal(text));

    public static bool IsRefusal(string text)
    {
        var trimmed = text.TrimStart();
        return Words().IsMatch(trimmed[..Math.Min(trimmed.Length, Beginning)].Replace('\u2019', '\''));
    }

    [GeneratedRegex(
        @"^(?:(?:i'?m|i am) (?:very |so |really )?sorry|sorry|unfortunately|i apologi[sz]e|as an ai\b[^.,]*)?[,.!:; ]*(?:but )?(?:i|we) (?:can(?:'t|not| not)|am (?:not able|unable)|'m (?:not able|unable)|won't|will not|must decline|have to decline) (?:to )?(?:help|assist|answer|provide|give|discuss|comply|fulfil|do that|respond|offer)"
        + @"|^(?:es tut mir leid|tut mir leid|leider)[,.! ]*(?:aber )?(?:dabei |dazu |darauf |damit )?(?:kann|darf) ich (?:\w+ ){0,4}(?:nicht|keine)"
        + @"|^(?:je suis désolée?|désolée?)[,.! ]*(?:mais )?je ne (?:peux|puis) pas"
        + @"|^(?:mi dispiace)[,.! ]*(?:ma )?non posso",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Words();
}
