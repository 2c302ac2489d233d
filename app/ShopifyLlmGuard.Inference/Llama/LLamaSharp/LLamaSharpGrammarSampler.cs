using LLama.Native;

namespace ShopifyLlmGuard.Inference.Llama.LLamaSharp;

/// <summary>
/// Draws only what a grammar allows. llama.cpp ends the process when its grammar is told of a token that does not fit,
/// so a token is shown to it only after the grammar has let it pass.
/// </summary>
internal sealed class LLamaSharpGrammarSampler : ILlmSampler
{
    private readonly FirstBytes _firsts;
    private readonly WrittenText _text;
    private readonly SafeLLamaSamplerChainHandle _chain;
    private readonly SafeLLamaSamplerChainHandle _grammar;
    private readonly SafeLLamaSamplerChainHandle _likeliest;
    private readonly LLamaTokenData[] _one = new LLamaTokenData[1];

    public LLamaSharpGrammarSampler(LLamaSharpModel model, SafeLlamaModelHandle handle, SamplingSettings settings)
    {
        _firsts = model.FirstBytes;
        _text = new WrittenText(model);
        _grammar = SafeLLamaSamplerChainHandle.Create(LLamaSamplerChainParams.Default());
        _grammar.AddGrammar(handle, settings.Grammar!, "root");
        _likeliest = SafeLLamaSamplerChainHandle.Create(LLamaSamplerChainParams.Default());
        _likeliest.AddTopK(SamplingSettings.FirstLook);
        _chain = LLamaSharpSampler.NewChain(settings);
    }

    public bool IsStuck { get; private set; }

    /// <summary>Null when no token fits; then <see cref="IsStuck"/> is true.</summary>
    /// <param name="logits">The scores of all tokens.</param>
    /// <param name="candidates">Room for all of them; its contents do not matter.</param>
    public int? Sample(ReadOnlySpan<float> logits, LLamaTokenData[] candidates)
    {
        // A trained model's own choice mostly fits, and one token is looked at much faster than a whole vocabulary.
        LLamaTokenDataArray.Create(logits, candidates);
        var token = Choose(candidates);
        _one[0] = new LLamaTokenData(token, 0, 0);
        if (Mask(_one, 1) == 0)
        {
            if (Narrow(logits, candidates) is not (> 0 and var count))
            {
                IsStuck = true;
                return null;
            }

            token = Choose(candidates.AsMemory(0, count));
        }

        _grammar.Accept(token);
        _chain.Accept(token);
        _text.Write((int)token);
        return (int)token;
    }

    public void Dispose()
    {
        _likeliest.Dispose();
        _chain.Dispose();
        _grammar.Dispose();
    }

    // What fits among the likeliest tokens; when none does, what fits at all.
    private int Narrow(ReadOnlySpan<float> logits, LLamaTokenData[] candidates)
    {
        Span<bool> possible = stackalloc bool[256];
        FindFirstBytes(candidates, possible);
        var count = Fill(candidates, logits, possible);
        if (count > 4 * SamplingSettings.FirstLook)
        {
            var size = 0;
            using (LLamaTokenDataArrayNative.Create(new LLamaTokenDataArray(candidates.AsMemory(0, count)), out var native))
            {
                _likeliest.Apply(ref native);
                size = (int)native.Size;
                native.Data.CopyTo(candidates);
            }

            if (Mask(candidates, size) is > 0 and var likely)
            {
                return likely;
            }

            count = Fill(candidates, logits, possible);
        }

        return Mask(candidates, count);
    }

    // A byte that is no token of its own may be the first of some.
    private void FindFirstBytes(LLamaTokenData[] candidates, Span<bool> possible)
    {
        var count = 0;
        for (var first = 0; first < possible.Length; first++)
        {
            possible[first] = _firsts.Alone[first] < 0;
            if (!possible[first])
            {
                candidates[count++] = new LLamaTokenData(_firsts.Alone[first], 0, 0);
            }
        }

        foreach (var fitting in candidates.AsSpan(0, Mask(candidates, count)))
        {
            possible[_firsts.Alone.IndexOf((int)fitting.ID)] = true;
        }
    }

    private int Fill(LLamaTokenData[] candidates, ReadOnlySpan<float> logits, ReadOnlySpan<bool> possible)
    {
        var count = 0;
        for (var token = 0; token < logits.Length; token++)
        {
            if (_firsts.IsAmong(token, possible))
            {
                candidates[count++] = new LLamaTokenData(token, logits[token], 0);
            }
        }

        return count;
    }

    private LLamaToken Choose(Memory<LLamaTokenData> candidates)
    {
        using var pin = LLamaTokenDataArrayNative.Create(new LLamaTokenDataArray(candidates), out var native);
        native.Selected = -1;
        _chain.Apply(ref native);
        return native.Selected >= 0 && native.Selected < (long)native.Size
            ? native.Data[(int)native.Selected].ID
            : throw new InvalidOperationException("llama.cpp chose no token.");
    }

    // Keeps what the grammar allows, in order, and returns how many are left.
    private int Mask(LLamaTokenData[] candidates, int count)
    {
        var allowed = 0;
        foreach (var candidate in candidates.AsSpan(0, count))
        {
            if (_text.Allows((int)candidate.ID))
            {
                candidates[allowed++] = candidate;
            }
        }

        using (LLamaTokenDataArrayNative.Create(new LLamaTokenDataArray(candidates.AsMemory(0, allowed)), out var native))
        {
            _grammar.Apply(ref native);
        }

        var kept = 0;
        foreach (var candidate in candidates.AsSpan(0, allowed))
        {
            if (float.IsFinite(candidate.Logit))
            {
                candidates[kept++] = candidate;
            }
        }

        return kept;
    }
}
