using Microsoft.Extensions.AI;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Llm;

/// <summary>On whose behalf a model is asked, and whose law its words may fall under.</summary>
/// <param name="Id">A shop's domain, or <c>key:</c> and a gateway key's id: it names the caller in records and shares.</param>
/// <param name="Jurisdictions">The only jurisdictions that may see the words. None means that nobody may.</param>
public sealed record Caller(string Id, IReadOnlyList<string> Jurisdictions)
{
    /// <summary>A shop, with what its merchant chose.</summary>
    public static Caller Of(ShopProfile shop) => new(shop.Domain, shop.Jurisdictions);
}

/// <summary>How a model shall write. What is null is left to the endpoint.</summary>
/// <param name="MaxTokens">The longest answer; null leaves it to the endpoint. Under pressure it gets shorter.</param>
public sealed record Sampling(int? MaxTokens)
{
    public float? Temperature { get; init; } = 0;
    public float? TopP { get; init; }
    public float? FrequencyPenalty { get; init; }
    public float? PresencePenalty { get; init; }
    public long? Seed { get; init; }
    public IReadOnlyList<string> Stop { get; init; } = [];
}

/// <summary>What to ask a model.</summary>
/// <param name="Caller">On whose behalf.</param>
/// <param name="Feature">For which feature; <c>gateway</c> for in-house callers.</param>
/// <param name="Messages">The whole prompt, already redacted.</param>
/// <param name="Sampling">How the answer shall be written.</param>
public sealed record ModelCall(Caller Caller, string Feature, IReadOnlyList<ChatMessage> Messages, Sampling Sampling)
{
    /// <summary>The caller's own words, to stand in for an answer that breaks off after its beginning was shown; optional.</summary>
    public string? Instead { get; init; }

    /// <summary>The endpoint whose answer to the same words has just broken off: it is asked last, and that costs a retry; optional.</summary>
    public string? BrokeOffAt { get; init; }

    /// <summary>The only model that may answer; null for any.</summary>
    public string? Model { get; init; }

    /// <summary>The id of the only endpoint that may answer; null for any.</summary>
    public string? OnlyAt { get; init; }

    /// <summary>The release on whose behalf it is asked; null when there is none.</summary>
    public string? Release { get; init; }

    /// <summary>Never the words: resilience telemetry prints what it carries.</summary>
    public override string ToString() => $"{nameof(ModelCall)} {Feature} of {Caller.Id}";
}
