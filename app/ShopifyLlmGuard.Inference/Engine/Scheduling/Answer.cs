using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Engine.Scheduling;

/// <summary>An answer that is being computed: where it stands in its sequence, and what it said.</summary>
internal sealed class Answer(Generation generation, ILlmModel model, Slot slot, long startedAt)
{
    private readonly StopScan _stops = new(generation.Request.Stops);
    private bool _hasWords;

    public Generation Generation => generation;

    public Slot Slot => slot;

    public long StartedAt => startedAt;

    /// <summary>When the first token came; 0 before.</summary>
    public long FirstAt { get; set; }

    /// <summary>Positions that the context holds.</summary>
    public int Position { get; private set; } = slot.Shared;

    /// <summary>How many tokens of it are in the micro-batch.</summary>
    public int Share { get; set; }

    /// <summary>Index in the micro-batch of the output that the next token is chosen from; -1 when there is none yet.</summary>
    public int Output { get; private set; } = -1;

    public Want Want => Position < PromptLength ? new Want(PromptLength - Position, IsPrefill: true) : new Want(1, IsPrefill: false);

    private int PromptLength => generation.Request.Prompt.Length;

    /// <summary>Adds its share to the micro-batch.</summary>
    public void Fill(TokenBatch batch)
    {
        Output = -1;
        var conversation = generation.Conversation.Span;
        for (var position = Position; position < Position + Share; position++)
        {
            var isLast = position == conversation.Length - 1;
            var index = batch.Add(conversation[position], position, slot.Sequence, isLast);
            Output = isLast ? index : -1;
        }
    }

    /// <summary>Its share was computed.</summary>
    public void Advance()
    {
        Position += Share;
        generation.PrefillLeft = Math.Max(0, PromptLength - Position);
    }

    /// <summary>Says a token; returns the end if that was the last one.</summary>
    public GenerationEvent? Take(int token)
    {
        if (model.IsEndOfGeneration(token))
        {
            return End(hitLimit: false, isStopped: false);
        }

        generation.Say(token);
        var bytes = model.TokenToBytes(token).Span;
        _hasWords |= bytes.ContainsAnyInRange((byte)'!', (byte)'~');
        var isStopped = _stops.Add(bytes);
        return isStopped || generation.Tokens.Length == generation.Request.MaxTokens ? End(!isStopped, isStopped) : null;
    }

    private GenerationEvent End(bool hitLimit, bool isStopped)
    {
        // What counts as words is decided on the text; on bytes only where they leave no doubt.
        var isEmpty = (isStopped || !_hasWords) && string.IsNullOrWhiteSpace(generation.Text());
        return isEmpty
            ? new GenerationEvent.Failure(FailureReason.Empty)
            : new GenerationEvent.End(hitLimit, generation.Tokens.Length);
    }
}
