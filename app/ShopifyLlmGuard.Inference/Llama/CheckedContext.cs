namespace ShopifyLlmGuard.Inference.Llama;

internal sealed class CheckedContext(ILlmContext inner, int vocabularySize, Action released) : ILlmContext
{
    // Outputs of the last batch that succeeded: asking for any other ends the process.
    private readonly bool[] _outputs = new bool[inner.BatchSize];
    private int _inUse;
    private bool _disposed;
    private bool _broken;

    public int Cells => inner.Cells;

    public int BatchSize => inner.BatchSize;

    public int MaxSequences => inner.MaxSequences;

    public DecodeResult Decode(TokenBatch batch)
    {
        using var _ = Enter();
        Check(batch);
        Array.Clear(_outputs);
        var result = inner.Decode(batch);
        _broken = result == DecodeResult.Fatal;
        for (var index = 0; result == DecodeResult.Ok && index < batch.Count; index++)
        {
            _outputs[index] = batch.Outputs[index] != 0;
        }

        return result;
    }

    public ReadOnlySpan<float> Logits(int index)
    {
        using var _ = Enter();
        CheckOutput(index);
        return inner.Logits(index);
    }

    public int? Sample(int index, ILlmSampler sampler)
    {
        using var _ = Enter();
        CheckOutput(index);
        var scores = inner.Logits(index);
        if (sampler.IsPlain)
        {
            return Scores.Likeliest(scores);
        }

        return Scores.Highest(scores) is null ? null : inner.Sample(index, sampler);
    }

    public void CopyPrefix(int from, int to, int length)
    {
        using var _ = Enter();
        CheckSequence(from);
        CheckSequence(to);
        ArgumentOutOfRangeException.ThrowIfEqual(to, from);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, inner.MaxPosition(from) + 1);
        CheckEmpty(to);
        inner.CopyPrefix(from, to, length);
    }

    public void RemoveRange(int sequence, int start, int end = int.MaxValue)
    {
        using var _ = Enter();
        CheckSequence(sequence);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfLessThan(end, start);
        inner.RemoveRange(sequence, start, end);
    }

    public int MaxPosition(int sequence)
    {
        using var _ = Enter();
        CheckSequence(sequence);
        return inner.MaxPosition(sequence);
    }

    public void RequestAbort() => inner.RequestAbort();

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        using var _ = Enter();
        _disposed = true;
        inner.Dispose();
        released();
    }

    private void Check(TokenBatch batch)
    {
        if (_broken)
        {
            throw new InvalidOperationException("The context failed before and must be replaced.");
        }

        if (batch.Count is 0 || batch.Count > BatchSize)
        {
            throw new ArgumentOutOfRangeException(nameof(batch), batch.Count, $"A batch holds 1 to {BatchSize} tokens.");
        }

        for (var index = 0; index < batch.Count; index++)
        {
            CheckSequence(batch.Sequences[index]);
            if ((uint)batch.Tokens[index] >= (uint)vocabularySize || (uint)batch.Positions[index] >= (uint)Cells)
            {
                throw new ArgumentOutOfRangeException(nameof(batch), index, "No such token, or a position past the context.");
            }
        }
    }

    private void CheckOutput(int index)
    {
        if ((uint)index >= (uint)_outputs.Length || !_outputs[index])
        {
            throw new ArgumentOutOfRangeException(nameof(index), index, "Not an output of the last batch.");
        }
    }

    private void CheckSequence(int sequence)
    {
        if ((uint)sequence >= (uint)MaxSequences)
        {
            throw new ArgumentOutOfRangeException(nameof(sequence), sequence, $"Sequences are 0 to {MaxSequences - 1}.");
        }
    }

    private void CheckEmpty(int sequence)
    {
        if (inner.MaxPosition(sequence) >= 0)
        {
            throw new InvalidOperationException($"Sequence {sequence} is not empty.");
        }
    }

    private Use Enter()
    {
        if (Interlocked.Exchange(ref _inUse, 1) != 0)
        {
            throw new InvalidOperationException("A context belongs to one thread, and another one is using it.");
        }

        if (_disposed)
        {
            _inUse = 0;
            throw new ObjectDisposedException(nameof(CheckedContext));
        }

        return new Use(this);
    }

    private readonly struct Use(CheckedContext context) : IDisposable
    {
        public void Dispose() => Volatile.Write(ref context._inUse, 0);
    }
}
