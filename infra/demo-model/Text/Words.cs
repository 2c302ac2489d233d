namespace ShopifyLlmGuard.DemoModel.Text;

/// <summary>Small grammar, and words made up so that copying cannot be replaced by remembering.</summary>
internal static class Words
{
    private static readonly string[] Adjectives = ["compact", "light", "sturdy", "small", "simple", "modern", "soft",
        "quiet", "reliable", "slim", "handy", "robust", "gentle", "practical", "elegant", "versatile", "smart", "classic"];

    private static readonly string[] Looks = ["blue", "steel", "wooden", "woven", "clear", "double", "long", "short",
        "round", "rubber", "leather", "cotton", "second", "spare", "curved", "magnetic", "foldable", "hidden", "wide",
        "narrow", "grey", "white", "textured", "reinforced", "detachable", "elastic", "felt", "plastic", "glass", "deep"];

    private static readonly string[] Parts = ["handle", "strap", "lid", "hook", "stand", "pouch", "button", "clip", "tray",
        "base", "cover", "pad", "ring", "belt", "tube", "cap", "pocket", "label", "brush", "mirror", "rim", "cord", "box",
        "shell", "edge", "lock", "wheel", "frame", "panel", "sleeve", "timer", "scale", "lamp", "holder", "seal", "zip"];

    private static readonly string[] Amounts = ["a range of {0} m", "a weight of {0} g", "memory for {0} readings",
        "a {0} ml tank", "a battery for {0} days", "{0} spare parts", "a width of {0} cm", "a set of {0}", "{0} pieces",
        "a {0} year guarantee", "a length of {0} cm", "a load limit of {0} kg", "{0} programmes", "{0} colours"];

    private static readonly string[] Common = ["a large display", "a clear display", "Bluetooth", "a free app",
        "a rechargeable battery", "USB-C charging", "a travel case", "a storage pouch", "a washable cover",
        "a carrying bag", "automatic shut-off", "a single button", "memory for two users", "a backlit display",
        "a soft grip", "a waterproof body", "a quiet motor", "a clear guide", "a non-slip base", "adjustable height"];

    private static readonly string[] Syllables = ["ba", "cor", "den", "fi", "gal", "ho", "in", "ka", "lu", "mer", "no",
        "or", "pa", "ri", "sol", "ta", "ven", "wi", "zo", "ly", "ne", "tra", "vi", "mo", "sta", "ler", "du", "quo"];

    private static readonly string[] BrandHeads = ["Quick", "Soft", "Easy", "Pure", "Vita", "Medi", "Care", "Home", "Safe",
        "Night", "Sun", "Air", "Step", "Comfort", "Pulse", "Clear", "Fresh", "Baby", "Flex", "Aqua", "Green", "True"];

    private static readonly string[] BrandTails = ["Line", "Step", "Plus", "Well", "Pro", "Care", "Guard", "Ease", "Beat",
        "Joy", "Fit", "Rest", "Aid", "One", "Sense", "Wave", "Light", "Life", "Mate", "Touch", "Up", "Go"];

    private static readonly string[] Occasions = ["party", "garden", "course", "school", "job", "journey", "birthday", "festival",
        "house", "boat", "dog", "walk", "tour", "exam", "kitchen", "team", "neighbour", "cousin", "nurse", "teacher", "camp", "winter"];

    private static readonly string[] Circumstances = ["for my", "for our", "for the", "for my next", "for our new", "for someone with a",
        "for people with a", "for someone who likes a", "for someone who needs a", "before the", "after my", "during a"];

    public static T Pick<T>(this Random random, IReadOnlyList<T> list) => list[random.Next(list.Count)];

    public static bool Chance(this Random random, double chance) => random.NextDouble() < chance;

    public static string LowerFirst(string text) => text.Length > 1 && char.IsUpper(text[1])
        ? text : char.ToLowerInvariant(text[0]) + text[1..];

    public static string UpperFirst(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    public static string Article(string noun) => "aeiou".Contains(char.ToLowerInvariant(noun[0])) ? "an" : "a";

    public static string WithArticle(string noun) => noun.EndsWith('s') ? noun : $"{Article(noun)} {noun}";

    /// <summary>"a, b and c".</summary>
    public static string And(IReadOnlyList<string> list) => list.Count == 1
        ? list[0] : string.Join(", ", list.Take(list.Count - 1)) + " and " + list[^1];

    public static string Adjective(Random random) => random.Pick(Adjectives);

    public static string Brand(Random random) => random.Next(3) switch
    {
        0 => random.Pick(BrandHeads) + random.Pick(BrandTails),
        1 => UpperFirst(MadeUp(random)),
        _ => random.Pick(BrandHeads),
    };

    /// <summary>"for our new blue garden", "for someone who likes a wide lamp".</summary>
    public static string Occasion(Random random)
    {
        var thing = random.Chance(0.2) ? MadeUp(random)
            : $"{random.Pick([.. Looks, .. Adjectives])} {random.Pick([.. Parts, .. Occasions])}";
        return $"{random.Pick(Circumstances)} {thing}";
    }

    public static string MadeUp(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(2, 4)).Select(_ => random.Pick(Syllables)));

    /// <summary>A feature that no type lists: a common one, an odd part, an amount, or a word that does not exist.</summary>
    public static string Feature(Random random)
    {
        var look = random.Pick(Looks);
        return random.Next(10) switch
        {
            < 4 => random.Pick(Common),
            < 7 => $"{Article(look)} {look} {random.Pick(Parts)}",
            < 9 => string.Format(null, random.Pick(Amounts), random.Next(2, 400)),
            _ => $"a {MadeUp(random)} {random.Pick(Parts)}",
        };
    }

    public static string TitleCase(string text) => string.Join(' ', text.Split(' ').Select(UpperFirst));
}
