namespace ShopifyLlmGuard.Inference.Llama;

internal sealed class CheckedModel(ILlmModel inner) : ILlmModel
{
    private static readonly string[] Roles = ["system", "user", "assistant"];
    private int _contexts;
    private bool _disposed;

    public int VocabularySize => inner.VocabularySize;

    public int TrainedContext => inner.TrainedContext;

    public int? LeadingToken => inner.LeadingToken;

    public IReadOnlyList<SpecialToken> SpecialTokens => inner.SpecialTokens;

    public int[] Tokenize(string text)
    {
        ThrowIfDisposed();
        return text.Length == 0 ? [] : inner.Tokenize(text);
    }

    public ReadOnlyMemory<byte> TokenToBytes(int token)
    {
        ThrowIfNoToken(token);
        return inner.TokenToBytes(token);
    }

    public bool IsEndOfGeneration(int token)
    {
        ThrowIfNoToken(token);
        return inner.IsEndOfGeneration(token);
    }

    public string? ApplyTemplate(IReadOnlyList<ChatTurn> turns)
    {
        ThrowIfDisposed();
        if (turns.FirstOrDefault(turn => !Roles.Contains(turn.Role)) is { } stranger)
        {
            throw new ArgumentException($"Unknown role '{stranger.Role}'.", nameof(turns));
        }

        return inner.ApplyTemplate(turns);
    }

    public ILlmSampler CreateSampler(SamplingSettings settings)
    {
        ThrowIfDisposed();
        return settings.Mistake is { } mistake
            ? throw new ArgumentOutOfRangeException(nameof(settings), mistake, "A setting of the sampler is out of range.")
            : inner.CreateSampler(settings);
    }

    public ILlmContext CreateContext(ContextSettings settings)
    {
        ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Cells, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.MaxSequences, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(settings.MaxSequences, 256);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Threads, 1);
        var context = inner.CreateContext(settings);
        Interlocked.Increment(ref _contexts);
        return new CheckedContext(context, VocabularySize, () => Interlocked.Decrement(ref _contexts));
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        if (Volatile.Read(ref _contexts) > 0)
        {
            throw new InvalidOperationException("A context of the model is still in use.");
        }

        _disposed = true;
        inner.Dispose();
    }

    private void ThrowIfNoToken(int token)
    {
        ThrowIfDisposed();
        if ((uint)token >= (uint)VocabularySize)
        {
            throw new ArgumentOutOfRangeException(nameof(token), token, "No such token.");
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, this);
}
