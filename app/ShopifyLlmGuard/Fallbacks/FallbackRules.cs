namespace ShopifyLlmGuard.Fallbacks;

/// <summary>What fallback content may be. Finds all mistakes at once, each a sentence for the merchant.</summary>
public static class FallbackRules
{
    public const int LongestGreeting = 300;
    public const int MostQuestions = 20;
    public const int LongestQuestion = 200;
    public const int LongestAnswer = 1000;
    public const int LongestLabel = 60;
    public const int LongestUrl = 500;

    public static IReadOnlyList<string> Check(FallbackContent content) =>
    [
        .. Text("The greeting", content.Greeting, LongestGreeting),
        .. content.Faq.Count > MostQuestions ? [$"There may be at most {MostQuestions} questions."] : Array.Empty<string>(),
        .. content.Faq.SelectMany((entry, index) => Text($"Question {index + 1}", entry.Question, LongestQuestion)
            .Concat(Text($"Answer {index + 1}", entry.Answer, LongestAnswer))),
        .. Link("contact", content.Contact),
        .. Link("booking", content.Booking),
    ];

    private static IEnumerable<string> Link(string name, LinkText link)
    {
        foreach (var mistake in Text($"The {name} link's label", link.Label, LongestLabel))
        {
            yield return mistake;
        }

        if (link.Url.Length > LongestUrl || !IsAllowed(link.Url))
        {
            yield return $"The {name} link's address must begin with https://, mailto:, tel: or / and have at most {LongestUrl} characters.";
        }
    }

    private static IEnumerable<string> Text(string name, string text, int longest)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            yield return $"{name} is empty.";
        }
        else if (text.Length > longest)
        {
            yield return $"{name} has {text.Length} characters; at most {longest} are allowed.";
        }
    }

    // The same as guard-link.liquid and guard-chat.js show. "//host" and "/\host" look relative, but browsers leave the shop with them.
    private static bool IsAllowed(string url) =>
        !url.Any(character => char.IsWhiteSpace(character) || char.IsControl(character)) && (
            url.StartsWith('/') ? url.Length < 2 || url[1] is not ('/' or '\\')
            : Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "mailto" or "tel");
}
