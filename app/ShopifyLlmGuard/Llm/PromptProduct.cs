namespace ShopifyLlmGuard.Llm;

/// <summary>A product as a prompt shows it: one line behind a marker, in retrieval order.</summary>
/// <param name="Title">The product's title.</param>
/// <param name="Summary">The first sentence of its description, without the final full stop.</param>
public sealed record PromptProduct(string Title, string Summary)
{
    private const int LongestTitle = 80;
    private const int LongestSummary = 160;

    /// <summary>Renders <c>[1] Title: Summary</c> lines; the first product is marker 1.</summary>
    public static string Render(IReadOnlyList<PromptProduct> products) =>
        string.Join('\n', products.Select((product, index) => $"[{index + 1}] {product.Line}"));

    /// <summary><c>Title: Summary</c> on one line, whatever the merchant typed.</summary>
    public string Line => Summary.Length == 0
        ? OneLine(Title, LongestTitle)
        : $"{OneLine(Title, LongestTitle)}: {OneLine(Summary, LongestSummary)}";

    /// <summary>The first sentence of a description, as <see cref="Summary"/> wants it.</summary>
    public static string FirstSentence(string description)
    {
        var end = description.IndexOf(". ", StringComparison.Ordinal);
        return (end < 0 ? description : description[..end]).Trim().TrimEnd('.');
    }

    // A marker typed by a merchant, or a line break, must not look like another product of the list.
    private static string OneLine(string text, int longest)
    {
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .Replace('[', '(').Replace(']', ')');
        return line.Length <= longest ? line : line[..longest].TrimEnd();
    }
}
