using LLama.Native;

namespace ShopifyLlmGuard.Inference.Llama.LLamaSharp;

internal sealed class LLamaSharpSampler : ILlmSampler
{
    public LLamaSharpSampler(SamplingSettings settings)
    {
        Chain = SafeLLamaSamplerChainHandle.Create(LLamaSamplerChainParams.Default());
        if (settings.IsGreedy)
        {
            Chain.AddGreedySampler();
            return;
        }

        Chain.AddTopP(settings.TopP, 1);
        Chain.AddTemperature(settings.Temperature);
        Chain.AddDistributionSampler(settings.Seed);
    }

    public SafeLLamaSamplerChainHandle Chain { get; }

    public void Dispose() => Chain.Dispose();
}
