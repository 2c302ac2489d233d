namespace ShopifyLlmGuard.Admin.Parts;

/// <summary>Puts the library's sentences about mistakes next to the fields that they are about. Each begins with its field's name.</summary>
public sealed class FieldMistakes(IReadOnlyList<string> sentences)
{
    public const string Greeting = "The greeting";
    public const string ContactLabel = "The contact link's label";
    public const string ContactUrl = "The contact link's address";
    public const string BookingLabel = "The booking link's label";
    public const string BookingUrl = "The booking link's address";

    public int Count => sentences.Count;

    public static string Question(int index) => $"Question {index + 1}";

    public static string Answer(int index) => $"Answer {index + 1}";

    /// <summary>What is wrong with a field; null when nothing is.</summary>
    public string? For(string field) =>
        sentences.Where(sentence => IsAbout(sentence, field)).ToList() is { Count: > 0 } found ? string.Join(' ', found) : null;

    /// <summary>What is about the whole, not about one field.</summary>
    /// <param name="entries">How many questions the form shows.</param>
    public IEnumerable<string> AboutTheWhole(int entries)
    {
        string[] fields =
        [
            Greeting, ContactLabel, ContactUrl, BookingLabel, BookingUrl,
            .. Enumerable.Range(0, entries).SelectMany(index => new[] { Question(index), Answer(index) }),
        ];
        return sentences.Where(sentence => !fields.Any(field => IsAbout(sentence, field)));
    }

    // The blank keeps "Question 1" apart from "Question 12".
    private static bool IsAbout(string sentence, string field) => sentence.StartsWith($"{field} ", StringComparison.Ordinal);
}
