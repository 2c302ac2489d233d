namespace ShopifyLlmGuard.Inference.Llama;

/// <summary>
/// The key-value memory of some sequences and the decoding on it. One thread owns a context;
/// only <see cref="RequestAbort"/> may be called from elsewhere.
/// </summary>
internal interface ILlmContext : IDisposable
{
    /// <summary>Tokens that all sequences together may hold.</summary>
    int Cells { get; }

    /// <summary>The most tokens in one batch.</summary>
    int BatchSize { get; }

    /// <summary>Sequence ids are 0 to this, exclusive.</summary>
    int MaxSequences { get; }

    /// <summary>Runs the model over a batch that may mix sequences.</summary>
    DecodeResult Decode(TokenBatch batch);

    /// <summary>The scores of all tokens at one output of the last batch, by the token's index in that batch.</summary>
    ReadOnlySpan<float> Logits(int index);

    /// <summary>Chooses the token after one output of the last batch; null when the scores are not numbers.</summary>
    int? Sample(int index, ILlmSampler sampler);

    /// <summary>Makes the first tokens of one sequence the beginning of an empty one, without decoding them again.</summary>
    void CopyPrefix(int from, int to, int length);

    /// <summary>Forgets positions <paramref name="start"/> (inclusive) to <paramref name="end"/> (exclusive).</summary>
    void RemoveRange(int sequence, int start, int end = int.MaxValue);

    /// <summary>The last position that a sequence holds; -1 when it is empty.</summary>
    int MaxPosition(int sequence);

    /// <summary>Ends the running <see cref="Decode"/> early, or the next one when none runs. Any thread.</summary>
    void RequestAbort();
}

/// <param name="Cells">Tokens of all sequences together.</param>
/// <param name="BatchSize">The most tokens in one batch.</param>
/// <param name="MaxSequences">How many sequences share the cells.</param>
/// <param name="Threads">Processor threads of one decode.</param>
internal sealed record ContextSettings(int Cells, int BatchSize, int MaxSequences, int Threads)
{
    /// <summary>A larger batch is computed in steps of so many tokens: an abort is noticed between operations, and one
    /// operation over a whole long prompt takes seconds.</summary>
    public const int MostPerStep = 512;

    /// <summary>Contexts of newer models would take more memory than the weights; who needs more says so.</summary>
    public const int MostByDefault = 4096;

    /// <param name="wanted">The configured number of tokens; 0 when there is none.</param>
    /// <param name="trained">What the model was trained on.</param>
    public static int CellsFor(int wanted, int trained) => wanted > 0 ? wanted : Math.Min(trained, MostByDefault);
}

internal enum DecodeResult
{
    Ok,

    /// <summary>No room for the batch; nothing changed.</summary>
    NoSlot,

    /// <summary>Ended by <see cref="ILlmContext.RequestAbort"/>; a part of the batch may be in the memory.</summary>
    Aborted,

    /// <summary>llama.cpp refused the batch; nothing changed.</summary>
    InvalidInput,

    /// <summary>The computation failed; the context must not be used again.</summary>
    Fatal,
}
