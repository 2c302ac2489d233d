namespace ShopifyLlmGuard.DemoModel.Text;

/// <summary>Fills the phrases of <c>phrases.txt</c>.</summary>
internal static class Phrases
{
    private static readonly Dictionary<string, List<string>> ByKind = World.Lines("phrases.txt")
        .Select(line => line.Split(" | ")).GroupBy(parts => parts[0])
        .ToDictionary(group => group.Key, group => group.SelectMany(parts => parts.Skip(1)).ToList());

    /// <param name="random">Picks the phrase.</param>
    /// <param name="kind">The first word of the phrase's line.</param>
    /// <param name="noun">What the shopper calls the product, or nothing.</param>
    /// <param name="want">What is asked for.</param>
    public static string Ask(Random random, string kind, string? noun, string want = "")
    {
        var a = noun is null ? "something" : Words.WithArticle(noun);
        return random.Pick(ByKind[kind]).Replace("{a}", a, StringComparison.Ordinal)
            .Replace("{A}", Words.UpperFirst(a), StringComparison.Ordinal)
            .Replace("{one}", noun ?? "one", StringComparison.Ordinal)
            .Replace("{product}", noun ?? "product", StringComparison.Ordinal)
            .Replace("{want}", want, StringComparison.Ordinal)
            .Replace("{Want}", Words.UpperFirst(want), StringComparison.Ordinal);
    }

    /// <summary>The question as somebody types it: with a greeting, in small letters, without the last mark.</summary>
    public static string Typed(Random random, string question)
    {
        question = random.Next(8) switch
        {
            0 => $"{random.Pick(ByKind["before"])} {Words.LowerFirst(question)}",
            1 => $"{question} {random.Pick(ByKind["after"])}",
            _ => question,
        };
        return random.Next(6) switch
        {
            0 => question.ToLowerInvariant(),
            1 => question.TrimEnd('?', '.', '!'),
            _ => question,
        };
    }
}
