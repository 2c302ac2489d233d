namespace ShopifyLlmGuard.Flags;

/// <summary>A capability that a shopper sees.</summary>
/// <param name="Key">Kebab-case, the same word in code, rows, metrics and routes.</param>
/// <param name="Label">The name that merchants read.</param>
/// <param name="Description">One sentence for the admin.</param>
/// <param name="OnByDefault">What a shop gets that never touched the switch.</param>
public sealed record Feature(string Key, string Label, string Description, bool OnByDefault);

/// <summary>All features. The only place where a key is spelled.</summary>
public static class Features
{
    public const string Chat = "chat";
    public const string Recommendations = "recommendations";

    public static IReadOnlyList<Feature> All { get; } =
    [
        new(Chat, "Chat", "Answers shoppers' questions about your products, with a model that runs on your own hosts.", true),
        new(Recommendations, "Recommendations", "Shows fitting products on product pages, each with a one-line reason.", true),
    ];

    /// <summary>The feature with this key, or null.</summary>
    public static Feature? Find(string key) => All.FirstOrDefault(feature => feature.Key == key);
}
