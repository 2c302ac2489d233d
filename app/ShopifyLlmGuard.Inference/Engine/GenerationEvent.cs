namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>What a generation says while it runs: some pieces of text, then one end or one failure.</summary>
internal abstract record GenerationEvent
{
    /// <param name="Text">The next piece of the answer; whole characters.</param>
    public sealed record Piece(string Text) : GenerationEvent;

    /// <param name="HitLimit">True when it reached the token limit, false when it ended by itself or by a stop text.</param>
    /// <param name="Tokens">Tokens of the answer.</param>
    public sealed record End(bool HitLimit, int Tokens) : GenerationEvent;

    /// <param name="Reason">Why there is no (whole) answer.</param>
    public sealed record Failure(FailureReason Reason) : GenerationEvent;
}

internal enum FailureReason
{
    /// <summary>The caller's time was over.</summary>
    Deadline,

    /// <summary>The caller went away.</summary>
    Cancelled,

    /// <summary>The host is shutting down.</summary>
    Stopping,

    /// <summary>The model ended without a word.</summary>
    Empty,

    /// <summary>The model computed values that are not numbers.</summary>
    NotANumber,

    /// <summary>No token of the vocabulary goes on as the wanted structure says.</summary>
    Stuck,

    /// <summary>llama.cpp failed.</summary>
    Engine,
}
