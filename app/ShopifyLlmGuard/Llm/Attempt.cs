namespace ShopifyLlmGuard.Llm;

/// <summary>What to ask a model.</summary>
/// <param name="Shop">On whose behalf.</param>
/// <param name="Feature">For which feature.</param>
/// <param name="Messages">The whole prompt, already redacted.</param>
/// <param name="MaxTokens">The longest answer.</param>
internal sealed record ModelCall(
    string Shop, string Feature, IReadOnlyList<Microsoft.Extensions.AI.ChatMessage> Messages, int MaxTokens);

/// <summary>How one call to a model ended. A failure is a value.</summary>
internal sealed record Attempt
{
    /// <summary>The endpoint that was called; null when none was.</summary>
    public LlmEndpoint? Endpoint { get; init; }

    /// <summary>The whole answer; null unless the model ended it.</summary>
    public string? Text { get; init; }

    /// <summary>One of <see cref="Serving.Reasons"/>; null when answered.</summary>
    public string? Reason { get; init; }

    /// <summary>What this says about the endpoint, for the breaker.</summary>
    public Verdict Verdict { get; init; }

    /// <summary>Whether another try is safe: nothing was generated yet, and it was not the model's own decision.</summary>
    public bool MayRetry { get; init; }

    /// <summary>How long a busy endpoint asked to be left alone.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public long? InputTokens { get; init; }
    public long? OutputTokens { get; init; }
    public TimeSpan? FirstToken { get; init; }
    public TimeSpan Duration { get; init; }

    public static Attempt NotMade(string reason) => new() { Reason = reason, Verdict = Verdict.None };

    /// <summary>Never the text: resilience telemetry prints results.</summary>
    public override string ToString() => $"{nameof(Attempt)} {Endpoint?.Id} {Reason ?? "answered"}";
}

/// <summary>What an attempt says about its endpoint.</summary>
internal enum Verdict
{
    /// <summary>Nothing: busy, shed, refused, or cancelled by the caller.</summary>
    None,

    Good,
    Bad,
}
