namespace ShopifyLlmGuard.Llm;

/// <summary>
/// A part of a streamed answer. The order is: <see cref="Began"/>, <see cref="Text"/> at least once, then exactly one of
/// <see cref="Done"/>, <see cref="Incomplete"/> and <see cref="Replaced"/>; or <see cref="Failed"/> alone.
/// </summary>
public abstract record AnswerPart
{
    private AnswerPart()
    {
    }

    /// <summary>Who answers: known before the first word, and final.</summary>
    /// <param name="Endpoint">The endpoint's id.</param>
    /// <param name="Region">Where it runs.</param>
    /// <param name="Jurisdiction">Whose law it runs under.</param>
    /// <param name="Model">The model that was asked.</param>
    public sealed record Began(string Endpoint, string Region, string Jurisdiction, string Model) : AnswerPart;

    /// <summary>Words to append.</summary>
    public sealed record Text(string Value) : AnswerPart
    {
        public override string ToString() => nameof(Text);
    }

    /// <summary>The model itself said that it was done: what was sent is the whole answer.</summary>
    /// <param name="Attempt">Tokens and times.</param>
    public sealed record Done(Attempt Attempt) : AnswerPart;

    /// <summary>What was sent is not the whole answer, and nothing follows.</summary>
    /// <param name="Reason">One of <see cref="Serving.Reasons"/>.</param>
    /// <param name="Attempt">Tokens and times; <see cref="Attempt.Finish"/> says <c>length</c> when the answer was as long as allowed.</param>
    public sealed record Incomplete(string Reason, Attempt Attempt) : AnswerPart;

    /// <summary>Everything that was sent is void; this stands instead.</summary>
    /// <param name="Value">The caller's own words, <see cref="ModelCall.Instead"/>.</param>
    /// <param name="Reason">One of <see cref="Serving.Reasons"/>.</param>
    /// <param name="Attempt">Tokens and times.</param>
    public sealed record Replaced(string Value, string Reason, Attempt Attempt) : AnswerPart;

    /// <summary>There is no answer, and nothing of one was sent.</summary>
    /// <param name="Reason">One of <see cref="Serving.Reasons"/>.</param>
    /// <param name="Attempt">The last attempt; its endpoint is null when none was made.</param>
    public sealed record Failed(string Reason, Attempt Attempt) : AnswerPart;
}
