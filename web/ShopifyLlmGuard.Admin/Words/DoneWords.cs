using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Admin.Words;

/// <summary>What a form has just done, told from the state as it is now: an address cannot put words into the page.</summary>
internal static class DoneWords
{
    /// <summary>The sentence for a code like <c>chat-held</c>; null when the code or the feature is unknown.</summary>
    public static string? Of(string? done, IEnumerable<ServingState> states)
    {
        var parts = done?.Split('-') ?? [];
        return parts.Length == 2 && states.FirstOrDefault(state => state.Feature.Key == parts[0]) is { } state
            ? Of(parts[1], state)
            : null;
    }

    private static string? Of(string verb, ServingState state) => verb switch
    {
        "switched" when state.FlagOn => $"{state.Feature.Label}: switched on. The mode is now {ModeWords.Label(state.Mode)}.",
        "switched" => $"{state.Feature.Label}: switched off. Shoppers no longer see it.",
        "held" when state.Pin is { } pin => $"{state.Feature.Label}: held at {ModeWords.Label(pin.Mode)}.",
        "released" when state.Pin is null =>
            $"{state.Feature.Label}: released, and the guard decides again. The mode is now {ModeWords.Label(state.Mode)}.",
        "released" => $"{state.Feature.Label}: released, but another hold still applies. The mode is now {ModeWords.Label(state.Mode)}.",
        _ => null,
    };
}
