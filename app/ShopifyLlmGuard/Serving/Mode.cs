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
    private static readonly Decision[] Pinned = [.. Enum.GetValues<Mode>().Select(mode => new Decision(mode, Reasons.Pinned))];

    public static Decision Live { get; } = new(Mode.Live, null);
    public static Decision Bypassed { get; } = new(Mode.Fallback, Reasons.Bypass);
    public static Decision SwitchedOff { get; } = new(Mode.Off, Reasons.FlagOff);
    public static Decision NoEndpoint { get; } = new(Mode.Fallback, Reasons.NoEligibleEndpoint);
    public static Decision Degraded { get; } = new(Mode.Fallback, Reasons.Degraded);

    public static Decision PinnedTo(Mode mode) => Pinned[(int)mode];
}
