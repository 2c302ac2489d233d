using LLama.Native;

namespace ShopifyLlmGuard.Inference.Llama.LLamaSharp;

internal sealed class LLamaSharpSampler(SamplingSettings settings) : ILlmSampler
{
    public SafeLLamaSamplerChainHandle Chain { get; } = NewChain(settings);

    public bool IsStuck => false;

    public bool IsPlain => settings.IsPlain;

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

        if (settings.TopK > 0)
        {
            chain.AddTopK(settings.TopK);
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

    public static GrammarSampler Under(LLamaSharpModel model, SafeLlamaModelHandle handle, SamplingSettings settings)
    {
        var grammar = SafeLLamaSamplerChainHandle.Create(LLamaSamplerChainParams.Default());
        grammar.AddGrammar(handle, settings.Grammar!, "root");
        var likeliest = SafeLLamaSamplerChainHandle.Create(LLamaSamplerChainParams.Default());
        likeliest.AddTopK(SamplingSettings.FirstLook);
        var chains = new GrammarChains(LLamaSharpLibrary.Handle, NewChain(settings), grammar, likeliest);
        return new GrammarSampler(chains, model.FirstBytes, new WrittenText(model));
    }

    public void Dispose() => Chain.Dispose();
}
