using System.Threading.Channels;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Engine;

/// <param name="Prompt">The prompt's tokens; together with <paramref name="MaxTokens"/> they fit the context.</param>
/// <param name="MaxTokens">The answer ends here at the latest.</param>
/// <param name="Sampling">How tokens are chosen.</param>
/// <param name="Stops">The answer ends before the first of these texts.</param>
internal sealed record GenerationRequest(
    int[] Prompt, int MaxTokens, SamplingSettings Sampling, IReadOnlyList<string> Stops);

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

/// <summary>One request on its way through the engine. Cancelled by whoever is first: the caller, the deadline, the shutdown.</summary>
internal sealed class Generation(GenerationRequest request, TimeProvider clock)
{
    private readonly Channel<GenerationEvent> _events = Channel.CreateUnbounded<GenerationEvent>(
        new UnboundedChannelOptions { SingleReader = true });

    // 0 while nobody cancelled, else the reason plus one.
    private int _cancelled;

    public GenerationRequest Request => request;

    public long EnteredAt { get; } = clock.GetTimestamp();

    public ChannelReader<GenerationEvent> Events => _events.Reader;

    /// <summary>Why the work is to be dropped; null while somebody still wants it.</summary>
    public FailureReason? CancelledFor => Volatile.Read(ref _cancelled) is > 0 and var reason ? (FailureReason)(reason - 1) : null;

    /// <summary>True for the first caller only.</summary>
    public bool TryCancel(FailureReason reason) => Interlocked.CompareExchange(ref _cancelled, (int)reason + 1, 0) == 0;

    public void Say(string text) => _events.Writer.TryWrite(new GenerationEvent.Piece(text));

    /// <summary>Says the last word; later ones are dropped.</summary>
    public bool Finish(GenerationEvent last)
    {
        var said = _events.Writer.TryWrite(last);
        _events.Writer.TryComplete();
        return said;
    }
}
