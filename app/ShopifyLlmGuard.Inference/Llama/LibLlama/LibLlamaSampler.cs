namespace ShopifyLlmGuard.Inference.Llama.LibLlama;

internal sealed class LibLlamaSampler(LibLlamaModel model, SamplingSettings settings) : ILlmSampler
{
    public SamplerHandle Handle { get; } = Chain(model, settings);

    public bool IsStuck => false;

    public bool IsPlain => settings.IsPlain;

    /// <summary>Penalties first, so that what they push down is cut off; the draw last.</summary>
    public static SamplerHandle Chain(LibLlamaModel model, SamplingSettings settings)
    {
        var chain = NewChain();
        if (settings.HasPenalties)
        {
            Native.llama_sampler_chain_add(chain, Native.llama_sampler_init_penalties(
                model.VocabularySize, SamplingSettings.PenaltyReach,
                settings.RepetitionPenalty, settings.FrequencyPenalty, settings.PresencePenalty));
        }

        if (settings.IsGreedy)
        {
            Native.llama_sampler_chain_add(chain, Native.llama_sampler_init_greedy());
            return chain;
        }

        if (settings.TopK > 0)
        {
            Native.llama_sampler_chain_add(chain, Native.llama_sampler_init_top_k(settings.TopK));
        }

        Native.llama_sampler_chain_add(chain, Native.llama_sampler_init_top_p(settings.TopP, 1));
        if (settings.MinP > 0)
        {
            Native.llama_sampler_chain_add(chain, Native.llama_sampler_init_min_p(settings.MinP, 1));
        }

        Native.llama_sampler_chain_add(chain, Native.llama_sampler_init_temp(settings.Temperature));
        Native.llama_sampler_chain_add(chain, Native.llama_sampler_init_dist(settings.Seed));
        return chain;
    }

    /// <exception cref="ArgumentException">llama.cpp does not understand the grammar.</exception>
    public static GrammarSampler Under(LibLlamaModel model, SamplingSettings settings)
    {
        var grammar = Native.llama_sampler_init_grammar(model.Vocabulary, settings.Grammar!, "root");
        if (grammar == 0)
        {
            throw new ArgumentException("llama.cpp does not understand the grammar.", nameof(settings));
        }

        var chains = new GrammarChains(
            LlamaLibrary.Handle, Chain(model, settings), Of(grammar), Of(Native.llama_sampler_init_top_k(SamplingSettings.FirstLook)));
        return new GrammarSampler(chains, model.FirstBytes, new WrittenText(model));
    }

    public void Dispose() => Handle.Dispose();

    private static SamplerHandle NewChain() => Native.llama_sampler_chain_init(Native.llama_sampler_chain_default_params());

    private static SamplerHandle Of(nint sampler)
    {
        var chain = NewChain();
        Native.llama_sampler_chain_add(chain, sampler);
        return chain;
    }
}
