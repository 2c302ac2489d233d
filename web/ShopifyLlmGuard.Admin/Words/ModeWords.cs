using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Admin.Words;

/// <summary>Modes in a merchant's words.</summary>
internal static class ModeWords
{
    public static string Label(Mode mode) => mode switch
    {
        Mode.Live => "Live",
        Mode.Fallback => "Fallback",
        _ => "Off",
    };

    /// <summary>The badge's tone. Colour only underlines what the label says.</summary>
    public static string Tone(Mode mode, string? reason) => mode switch
    {
        Mode.Live => "success",
        Mode.Off => "neutral",
        _ => ReasonWords.IsTrouble(reason) ? "warning" : "info",
    };

    /// <summary>What a shopper finds in this mode.</summary>
    public static string Shoppers(string feature, Mode mode) => (feature, mode) switch
    {
        (Features.Chat, Mode.Live) =>
            "A chat that the model answers. If an answer is late or unusable, your prepared content takes its place.",
        (Features.Chat, Mode.Fallback) =>
            "Your greeting, your common questions, and your contact and booking links. Nothing is sent to a model.",
        (Features.Chat, Mode.Off) => "No chat at all.",
        (Features.Recommendations, Mode.Live) =>
            "Fitting products from your catalogue, each with a one-line reason that the model writes.",
        (Features.Recommendations, Mode.Fallback) =>
            "Fitting products that were worked out in advance from your catalogue. Nothing is sent to a model.",
        (Features.Recommendations, Mode.Off) => "No recommendations at all.",
        (_, Mode.Live) => "Content from the model.",
        (_, Mode.Fallback) => "Prepared content. Nothing is sent to a model.",
        _ => "Nothing.",
    };
}
