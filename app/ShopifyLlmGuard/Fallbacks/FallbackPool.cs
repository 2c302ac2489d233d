namespace ShopifyLlmGuard.Fallbacks;

/// <summary>
/// Shares equal texts between the contents of many shops: most merchants change a line or two of the default and keep the rest.
/// For the time of one reading.
/// </summary>
internal sealed class FallbackPool
{
    private readonly Dictionary<string, string> texts = new(StringComparer.Ordinal);
    private readonly Dictionary<FaqEntry, FaqEntry> entries = [];
    private readonly Dictionary<LinkText, LinkText> links = [];
    private readonly Dictionary<FallbackContent, FallbackContent> contents = [];

    public FallbackPool() => Share(FallbackContent.Default);

    public FallbackContent Share(FallbackContent content)
    {
        if (contents.TryGetValue(content, out var same))
        {
            return same;
        }

        FaqEntry[] faq = [.. content.Faq.Select(entry => Share(entries, entry, () => new(Share(entry.Question), Share(entry.Answer))))];
        var shared = new FallbackContent(Share(content.Greeting), faq, Share(links, content.Contact, () => content.Contact), Share(links, content.Booking, () => content.Booking));
        return contents[shared] = shared;
    }

    private string Share(string text) => Share(texts, text, () => text);

    private static T Share<T>(Dictionary<T, T> known, T value, Func<T> make) where T : notnull =>
        known.TryGetValue(value, out var shared) ? shared : known[value] = make();
}
