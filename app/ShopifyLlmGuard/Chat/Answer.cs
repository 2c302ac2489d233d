using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Chat;

/// <summary>Where an answer came from.</summary>
public static class Sources
{
    public const string Live = "live";
    public const string Precomputed = "precomputed";
    public const string Static = "static";
}

/// <summary>What a shopper gets, whatever happened.</summary>
/// <param name="Feature">The feature's key.</param>
/// <param name="Mode">What the feature serves now.</param>
/// <param name="Source">One of <see cref="Sources"/>.</param>
/// <param name="Reason">One of <see cref="Reasons"/>; null when live.</param>
/// <param name="Reply">The chat's reply; null for recommendations. With mode Off an empty one.</param>
/// <param name="Items">The recommendations; null for the chat.</param>
/// <param name="Disclosure">That an AI wrote this; null when none did.</param>
/// <param name="ServedBy">Endpoint id and region, as <c>fra-1; eu-central</c>; null unless live.</param>
public sealed record Answer(
    string Feature, Mode Mode, string Source, string? Reason, ChatReply? Reply, IReadOnlyList<RecommendedProduct>? Items,
    string? Disclosure, string? ServedBy)
{
    /// <summary>The release that was asked; null when no model was.</summary>
    public string? Release { get; init; }

    /// <summary>The model would not answer such a question, whatever was shown instead.</summary>
    internal bool IsRefusal { get; init; }

    /// <summary>Between two tokens, on average; null unless live and long enough to say something.</summary>
    internal TimeSpan? TokenPace { get; init; }
}

/// <summary>A chat reply: plain text, never markup.</summary>
/// <param name="Text">The words.</param>
/// <param name="Products">The products that the words name, or that fit the question.</param>
/// <param name="Links">Where to go from here.</param>
public sealed record ChatReply(string Text, IReadOnlyList<ProductCard> Products, IReadOnlyList<ReplyLink> Links)
{
    public static ChatReply Empty { get; } = new("", [], []);
}

/// <summary>A product as the storefront shows it; everything comes from the catalogue.</summary>
/// <param name="Handle">The last part of its address.</param>
/// <param name="Title">Its name.</param>
/// <param name="Url">Relative to the shop.</param>
/// <param name="Price">With two decimals and a point, e.g. <c>49.90</c>.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Image">Null without an image.</param>
public sealed record ProductCard(string Handle, string Title, string Url, string Price, string Currency, string? Image);

/// <summary>A recommended product and, in one line, why.</summary>
/// <param name="Handle">The last part of its address.</param>
/// <param name="Title">Its name.</param>
/// <param name="Url">Relative to the shop.</param>
/// <param name="Price">With two decimals and a point.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Image">Null without an image.</param>
/// <param name="Reason">One line.</param>
public sealed record RecommendedProduct(
    string Handle, string Title, string Url, string Price, string Currency, string? Image, string Reason);

/// <summary>A link under a reply.</summary>
public sealed record ReplyLink(string Label, string Url);

/// <summary>What a shopper asks.</summary>
/// <param name="Message">1 to 500 characters.</param>
/// <param name="Conversation">Earlier turns, oldest first, at most 6; the browser alone keeps them.</param>
public sealed record ChatQuestion(string Message, IReadOnlyList<ChatTurn> Conversation)
{
    /// <summary>Something that stays the same for a visitor and says nothing about them; empty when there is nothing.</summary>
    public string Visitor { get; init; } = "";
}

/// <summary>An earlier turn.</summary>
/// <param name="Role"><c>user</c> or <c>assistant</c>.</param>
/// <param name="Text">What was said.</param>
public sealed record ChatTurn(string Role, string Text);
