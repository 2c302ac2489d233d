using LLama.Native;

namespace ShopifyLlmGuard.Inference.Llama.LLamaSharp;

internal sealed class LLamaSharpSampler(SamplingSettings settings) : ILlmSampler
{
    public SafeLLamaSamplerChainHandle Chain { get; } = NewChain(settings);

    public bool IsStuck => false;

    /// <summary>Penalties first, so that what they push down is cut off; the draw last.</summary>
    public static SafeLLamaSamplerChainHandle NewChain(SamplingSettings settings)
    {
        var chain = SafeLLamaSamplerChainHandle.Create(LLamaSamplerChainParams.Default());
        if (settings.HasPenalties)
        {
            chain.AddPenalties(
                SamplingSettings.PenaltyReach, settings.RepetitionPenalty, settings.FrequencyPenalty, settings.PresencePenalty);
        }

        if (settings.IsGreedy)
        {
            chain.AddGreedySampler();
            return chain;
        }

        chain.AddTopP(settings.TopP, 1);
        if (settings.MinP > 0)
        {
            chain.AddMinP(settings.MinP, 1);
        }

        chain.AddTemperature(settings.Temperature);
        chain.AddDistributionSampler(settings.Seed);
        return chain;
    }

    public void Dispose() => Chain.Dispose();
}
