using ShopifyLlmGuard.Chat;

namespace ShopifyLlmGuard.Fallbacks;

/// <summary>Answers from the merchant's own words. Deterministic, from memory, for any question.</summary>
public static class FallbackAnswers
{
    private const double Enough = 0.3;
    private const double Sure = 0.6;

    private static readonly HashSet<string> Fillers = new(StringComparer.OrdinalIgnoreCase)
    {
        "the", "and", "for", "are", "you", "your", "can", "could", "how", "what", "when", "where", "which", "who", "why", "does", "did",
        "with", "have", "has", "this", "that", "from", "will", "would", "should", "our", "any", "get", "give", "use", "there", "about",
        "need", "want", "please", "much", "many", "long", "take", "some", "good", "best", "product", "right", "choose",
    };

    /// <summary>The FAQ entry that fits the question best, or the greeting; always with contact and booking.</summary>
    public static ChatReply For(FallbackContent content, string question) => new(
        BestEntry(content, question)?.Answer ?? content.Greeting, [],
        [new(content.Contact.Label, content.Contact.Url), new(content.Booking.Label, content.Booking.Url)]);

    /// <summary>Whether the merchant has surely answered just this question.</summary>
    internal static bool Knows(FallbackContent content, string question) =>
        BestEntry(content, question) is { } best && Score(Words(best.Question), Words(question)) >= Sure;

    /// <summary>The entry whose question is closest to the shopper's, or null when none is close.</summary>
    internal static FaqEntry? BestEntry(FallbackContent content, string question)
    {
        var asked = Words(question);
        return content.Faq
            .Select(entry => (entry, score: Score(Words(entry.Question), asked)))
            .Where(candidate => candidate.score >= Enough)
            .OrderByDescending(candidate => candidate.score)
            .Select(candidate => candidate.entry)
            .FirstOrDefault();
    }

    // Shared words among all words of both: "order" alone does not make every sentence with "order" the same question.
    private static double Score(HashSet<string> question, HashSet<string> asked) =>
        question.Count + asked.Count == 0 ? 0 : 2.0 * asked.Count(question.Contains) / (question.Count + asked.Count);

    private static HashSet<string> Words(string text) =>
    [
        .. new string([.. text.ToLowerInvariant().Select(character => char.IsLetterOrDigit(character) ? character : ' ')])
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Where(word => word.Length > 2 && !Fillers.Contains(word))
            .Select(Stem),
    ];

    // Enough to meet "deliver", "delivery" and "delivered", "return" and "returned"; deliberately not a linguist.
    private static string Stem(string word)
    {
        foreach (var ending in (string[])["ies", "ing", "ed", "es", "s", "y"])
        {
            if (word.Length - ending.Length >= 3 && word.EndsWith(ending, StringComparison.Ordinal))
            {
                return word[..^ending.Length];
            }
        }

        return word;
    }
}
