using ShopifyLlmGuard.Fallbacks;

namespace ShopifyLlmGuard.Admin.Pages;

/// <summary>The fallback content as the form holds it: everything may be missing or half written.</summary>
public sealed class FallbackForm
{
    public const string Save = "save";
    public const string Preview = "preview";
    public const string Add = "add";
    public const string Up = "up";
    public const string Down = "down";
    public const string Remove = "remove";

    public string? Greeting { get; set; }
    public List<Entry>? Faq { get; set; }
    public string? ContactLabel { get; set; }
    public string? ContactUrl { get; set; }
    public string? BookingLabel { get; set; }
    public string? BookingUrl { get; set; }

    /// <summary>What the pressed button asks for, e.g. <c>add</c> or <c>up:2</c>; nothing means save.</summary>
    public string? Action { get; set; }

    public List<Entry> Entries => Faq ??= [];

    public static FallbackForm Of(FallbackContent content) => new()
    {
        Greeting = content.Greeting,
        Faq = [.. content.Faq.Select(entry => new Entry { Question = entry.Question, Answer = entry.Answer })],
        ContactLabel = content.Contact.Label,
        ContactUrl = content.Contact.Url,
        BookingLabel = content.Booking.Label,
        BookingUrl = content.Booking.Url,
    };

    public FallbackContent ToContent() => new(
        Clean(Greeting), [.. Entries.Select(entry => new FaqEntry(Clean(entry.Question), Clean(entry.Answer)))],
        new LinkText(Clean(ContactLabel), Clean(ContactUrl)), new LinkText(Clean(BookingLabel), Clean(BookingUrl)));

    /// <summary>Adds, moves or removes a question. Returns what was done, or null when the button asks for something else.</summary>
    public string? Rearrange()
    {
        if (Action == Add)
        {
            Entries.Add(new Entry());
            return $"Question {Entries.Count} was added at the end.";
        }

        var parts = Action?.Split(':') ?? [];
        return parts.Length == 2 && int.TryParse(parts[1], out var index) && index >= 0 && index < Entries.Count
            ? Rearrange(parts[0], index)
            : null;
    }

    /// <summary>Questions that were added and never written are not mistakes.</summary>
    public void DropEmptyEntries() =>
        Entries.RemoveAll(entry => string.IsNullOrWhiteSpace(entry.Question) && string.IsNullOrWhiteSpace(entry.Answer));

    private string? Rearrange(string action, int index)
    {
        var entry = Entries[index];
        Entries.RemoveAt(index);
        if (action == Remove)
        {
            return $"Question {index + 1} was removed.";
        }

        var place = Math.Clamp(action switch { Up => index - 1, Down => index + 1, _ => index }, 0, Entries.Count);
        Entries.Insert(place, entry);
        return place == index ? null : $"Question {index + 1} is now question {place + 1}.";
    }

    // Browsers send line ends as CR LF.
    private static string Clean(string? text) => (text ?? "").ReplaceLineEndings("\n").Trim();

    /// <summary>One question as typed.</summary>
    public sealed class Entry
    {
        public string? Question { get; set; }
        public string? Answer { get; set; }
    }
}
