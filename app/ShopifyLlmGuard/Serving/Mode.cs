using System.Text.Json.Serialization;

namespace ShopifyLlmGuard.Serving;

/// <summary>What a feature serves now.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Mode>))]
public enum Mode
{
    /// <summary>The model answers; the fallback stands behind it.</summary>
    Live,

    /// <summary>Only deterministic content, and no request to any model.</summary>
    Fallback,

    /// <summary>The feature renders nothing.</summary>
    Off,
}

/// <summary>A mode and why it is not <see cref="Mode.Live"/>.</summary>
/// <param name="Mode">The mode.</param>
/// <param name="Reason">One of <see cref="Reasons"/>; null when live.</param>
public sealed record Decision(Mode Mode, string? Reason)
{
    public static Decision Live { get; } = new(Mode.Live, null);

    public static Decision Bypassed { get; } = new(Mode.Fallback, Reasons.Bypass);
}
