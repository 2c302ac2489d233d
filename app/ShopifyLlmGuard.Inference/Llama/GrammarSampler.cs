namespace ShopifyLlmGuard.Inference.Llama;

/// <summary>
/// Draws only what a grammar allows. llama.cpp ends the process when its grammar is told of a token that does not fit,
/// so a token is shown to it only after the grammar has let it pass.
/// </summary>
internal sealed unsafe class GrammarSampler(GrammarChains chains, FirstBytes firsts, WrittenText text) : ILlmSampler
{
    public bool IsStuck { get; private set; }

    public bool IsPlain => false;

    /// <summary>Null when no token fits; then <see cref="IsStuck"/> is true.</summary>
    /// <param name="logits">The scores of all tokens.</param>
    /// <param name="candidates">Room for all of them; its contents do not matter.</param>
    public int? Sample(ReadOnlySpan<float> logits, TokenData[] candidates)
    {
        fixed (TokenData* data = candidates)
        {
            // A trained model's own choice mostly fits, and one token is looked at much faster than a whole vocabulary.
            var token = Choose(data, Fill(data, logits));
            if (!Fits(token))
            {
                if (Narrow(data, logits) is not (> 0 and var count))
                {
                    IsStuck = true;
                    return null;
                }

                token = Choose(data, count);
            }

            chains.Accept(token);
            text.Write(token);
            return token;
        }
    }

    public void Dispose() => chains.Dispose();

    private static int Fill(TokenData* data, ReadOnlySpan<float> logits)
    {
        for (var token = 0; token < logits.Length; token++)
        {
            data[token] = new TokenData { Id = token, Logit = logits[token] };
        }

        return logits.Length;
    }

    private int Choose(TokenData* data, int count)
    {
        var array = new TokenDataArray { Data = data, Size = (nuint)count, Selected = -1 };
        chains.Choose(&array);
        return array.Selected >= 0 && array.Selected < (long)array.Size
            ? array.Data[array.Selected].Id
            : throw new InvalidOperationException("llama.cpp chose no token.");
    }

    // What fits among the likeliest tokens; when none does, what fits at all.
    private int Narrow(TokenData* data, ReadOnlySpan<float> logits)
    {
        Span<bool> possible = stackalloc bool[256];
        FindFirstBytes(data, possible);
        var count = Fill(data, logits, possible);
        if (count > 4 * SamplingSettings.FirstLook)
        {
            var array = new TokenDataArray { Data = data, Size = (nuint)count, Selected = -1 };
            chains.Narrow(&array);
            new ReadOnlySpan<TokenData>(array.Data, (int)array.Size).CopyTo(new Span<TokenData>(data, logits.Length));
            if (Mask(data, (int)array.Size) is > 0 and var likely)
            {
                return likely;
            }

            count = Fill(data, logits, possible);
        }

        return Mask(data, count);
    }

    // A byte that is no token of its own may be the first of some.
    private void FindFirstBytes(TokenData* data, Span<bool> possible)
    {
        var count = 0;
        for (var first = 0; first < possible.Length; first++)
        {
            possible[first] = firsts.Alone[first] < 0;
            if (!possible[first])
            {
                data[count++] = new TokenData { Id = firsts.Alone[first] };
            }
        }

        count = Mask(data, count);
        for (var index = 0; index < count; index++)
        {
            possible[firsts.Alone.IndexOf(data[index].Id)] = true;
        }
    }

    private int Fill(TokenData* data, ReadOnlySpan<float> logits, ReadOnlySpan<bool> possible)
    {
        var count = 0;
        for (var token = 0; token < logits.Length; token++)
        {
            if (firsts.IsAmong(token, possible))
            {
                data[count++] = new TokenData { Id = token, Logit = logits[token] };
            }
        }

        return count;
    }

    private bool Fits(int token)
    {
        var candidate = new TokenData { Id = token };
        return Mask(&candidate, 1) == 1;
    }

    // Keeps what the grammar allows, in order, and returns how many are left.
    private int Mask(TokenData* data, int count)
    {
        var allowed = 0;
        for (var index = 0; index < count; index++)
        {
            if (text.Allows(data[index].Id))
            {
                data[allowed++] = data[index];
            }
        }

        var array = new TokenDataArray { Data = data, Size = (nuint)allowed, Selected = -1 };
        chains.Fit(&array);
        var kept = 0;
        for (var index = 0; index < allowed; index++)
        {
            if (float.IsFinite(data[index].Logit))
            {
                data[kept++] = data[index];
            }
        }

        return kept;
    }
}
