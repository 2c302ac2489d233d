namespace ShopifyLlmGuard.Inference.Llama;

/// <summary>Tokens to decode in one step, of one or many sequences. Reused; allocates nothing per step.</summary>
internal sealed class TokenBatch(int capacity)
{
    private readonly int[] _tokens = new int[capacity];
    private readonly int[] _positions = new int[capacity];
    private readonly int[] _sequences = new int[capacity];
    private readonly sbyte[] _outputs = new sbyte[capacity];

    public int Capacity => capacity;

    public int Count { get; private set; }

    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Count);

    public ReadOnlySpan<int> Positions => _positions.AsSpan(0, Count);

    public ReadOnlySpan<int> Sequences => _sequences.AsSpan(0, Count);

    /// <summary>1 where the scores after the token are wanted.</summary>
    public ReadOnlySpan<sbyte> Outputs => _outputs.AsSpan(0, Count);

    /// <summary>Adds a token and returns its index, by which its output is asked for.</summary>
    public int Add(int token, int position, int sequence, bool wantsOutput)
    {
        if (Count == capacity)
        {
            throw new InvalidOperationException($"The batch is full: {capacity} tokens.");
        }

        _tokens[Count] = token;
        _positions[Count] = position;
        _sequences[Count] = sequence;
        _outputs[Count] = wantsOutput ? (sbyte)1 : (sbyte)0;
        return Count++;
    }

    public void Clear() => Count = 0;
}
