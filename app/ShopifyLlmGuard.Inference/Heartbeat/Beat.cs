using System.Text.Json.Serialization;
using ShopifyLlmGuard.Inference.Api;

namespace ShopifyLlmGuard.Inference.Heartbeat;

/// <summary>What a worker tells its front several times a second, one JSON object a line.</summary>
/// <param name="Health">What the worker's own <c>/health</c> says.</param>
/// <param name="BusyForMs">How long the model has been working without a pause; null when idle. Not a time of day: clocks jump.</param>
/// <param name="Failure">Why the worker gives up; its last words.</param>
internal sealed record Beat(Health Health, long? BusyForMs, string? Failure)
{
    /// <summary>How long the model has been at work without computing a token.</summary>
    [JsonIgnore]
    public TimeSpan StuckFor => BusyForMs is { } busy
        ? TimeSpan.FromMilliseconds(Math.Min(busy, Health.LastTokenAgeMs ?? busy))
        : TimeSpan.Zero;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Beat))]
internal sealed partial class BeatJson : JsonSerializerContext;
