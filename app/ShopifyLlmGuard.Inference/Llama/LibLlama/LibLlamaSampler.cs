namespace ShopifyLlmGuard.Inference.Llama.LibLlama;

internal sealed class LibLlamaSampler : ILlmSampler
{
    public LibLlamaSampler(SamplingSettings settings)
    {
        Handle = Native.llama_sampler_chain_init(Native.llama_sampler_chain_default_params());
        if (settings.IsGreedy)
        {
            Native.llama_sampler_chain_add(Handle, Native.llama_sampler_init_greedy());
            return;
        }

        Native.llama_sampler_chain_add(Handle, Native.llama_sampler_init_top_p(settings.TopP, 1));
        Native.llama_sampler_chain_add(Handle, Native.llama_sampler_init_temp(settings.Temperature));
        Native.llama_sampler_chain_add(Handle, Native.llama_sampler_init_dist(settings.Seed));
    }

    public SamplerHandle Handle { get; }

    public void Dispose() => Handle.Dispose();
}
