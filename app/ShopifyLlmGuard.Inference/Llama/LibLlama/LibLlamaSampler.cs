namespace ShopifyLlmGuard.Inference.Llama.LibLlama;

internal sealed class LibLlamaSampler(LibLlamaModel model, SamplingSettings settings) : ILlmSampler
{
    public SamplerHandle Handle { get; } = Chain(model, settings);

    public bool IsStuck => false;

    /// <summary>Penalties first, so that what they push down is cut off; the draw last.</summary>
    public static SamplerHandle Chain(LibLlamaModel model, SamplingSettings settings)
    {
        var chain = Native.llama_sampler_chain_init(Native.llama_sampler_chain_default_params());
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

        Native.llama_sampler_chain_add(chain, Native.llama_sampler_init_top_p(settings.TopP, 1));
        if (settings.MinP > 0)
        {
            Native.llama_sampler_chain_add(chain, Native.llama_sampler_init_min_p(settings.MinP, 1));
        }

        Native.llama_sampler_chain_add(chain, Native.llama_sampler_init_temp(settings.Temperature));
        Native.llama_sampler_chain_add(chain, Native.llama_sampler_init_dist(settings.Seed));
        return chain;
    }

    public void Dispose() => Handle.Dispose();
}
