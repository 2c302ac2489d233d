namespace ShopifyLlmGuard.Inference.Llama;

/// <summary>
/// The tokens of a vocabulary by their first byte. A grammar that cannot go on with a byte cannot go on with any token that
/// begins with it, and llama.cpp looks at 256 tokens a thousand times faster than at a whole large vocabulary.
/// </summary>
internal sealed class FirstBytes
{
    private const short Nothing = -1;

    private readonly short[] _firsts;
    private readonly int[] _alone = new int[256];

    public FirstBytes(ILlmModel model)
    {
        _firsts = new short[model.VocabularySize];
        Array.Fill(_alone, -1);
        for (var token = 0; token < _firsts.Length; token++)
        {
            var bytes = model.TokenToBytes(token).Span;
            _firsts[token] = bytes.IsEmpty ? Nothing : bytes[0];
            if (bytes.Length == 1)
            {
                _alone[bytes[0]] = token;
            }
        }
    }

    /// <summary>For each byte the token that is this byte alone; -1 where there is none.</summary>
    public ReadOnlySpan<int> Alone => _alone;

    /// <summary>Whether a token begins with one of these bytes, or says nothing at all.</summary>
    public bool IsAmong(int token, ReadOnlySpan<bool> bytes) => _firsts[token] is var first && (first == Nothing || bytes[first]);
}
