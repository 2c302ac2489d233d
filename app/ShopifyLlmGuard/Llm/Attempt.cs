using ShopifyLlmGuard.Llm.Wire;

namespace ShopifyLlmGuard.Llm;

/// <summary>How one call to a model ended. A failure is a value.</summary>
public sealed record Attempt
{
    private const long LeastTokensForPace = 6;

    /// <summary>The endpoint that was called; null when none was.</summary>
    public LlmEndpoint? Endpoint { get; init; }

    /// <summary>The whole answer; null unless the model ended it.</summary>
    public string? Text { get; init; }

    /// <summary>The beginning of an answer that grew as long as was allowed; null otherwise. Not an answer.</summary>
    public string? CutText { get; init; }

    /// <summary>Why the model stopped, in the words of the OpenAI API: <c>stop</c>, <c>length</c>, <c>content_filter</c>; null when it never said.</summary>
    public string? Finish { get; init; }

    /// <summary>One of <see cref="Serving.Reasons"/>; null when answered.</summary>
    public string? Reason { get; init; }

    /// <summary>What this says about the endpoint, for the breaker.</summary>
    internal Verdict Verdict { get; init; }

    /// <summary>Where another try makes sense; it is safe only as long as nobody has seen any of this one.</summary>
    internal Retry Retry { get; init; }

    /// <summary>The status with which the endpoint refused; null when it did not answer, or answered 200.</summary>
    public int? Status { get; init; }

    /// <summary>How long a busy endpoint asked to be left alone.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public long? InputTokens { get; init; }
    public long? OutputTokens { get; init; }
    public TimeSpan? FirstToken { get; init; }
    public TimeSpan Duration { get; init; }

    /// <summary>Between two tokens, on average; null when there were too few to say.</summary>
    internal TimeSpan? TokenPace =>
        Reason is null && FirstToken is { } first && OutputTokens is >= LeastTokensForPace and var written ? (Duration - first) / (written - 1) : null;

    /// <summary>Never the text: resilience telemetry prints results.</summary>
    public override string ToString() => $"{nameof(Attempt)} {Endpoint?.Id} {Reason ?? "answered"}";

    internal static Attempt NotMade(string reason) => new() { Reason = reason, Verdict = Verdict.None };
}

/// <summary>What an attempt says about its endpoint.</summary>
internal enum Verdict
{
    /// <summary>Nothing: busy, shed, refused, or cancelled by the caller.</summary>
    None,

    Good,
    Bad,
}
