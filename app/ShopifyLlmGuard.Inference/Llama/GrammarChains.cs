using System.Runtime.InteropServices;

namespace ShopifyLlmGuard.Inference.Llama;

/// <summary>llama.cpp's samplers of one answer that keeps a grammar, whichever runtime made them; owns them.</summary>
/// <param name="library">The library that they came from.</param>
/// <param name="choice">Penalties, limits and the draw.</param>
/// <param name="grammar">Takes away what does not fit.</param>
/// <param name="likeliest">Keeps the <see cref="SamplingSettings.FirstLook"/> likeliest.</param>
internal sealed unsafe class GrammarChains(nint library, SafeHandle choice, SafeHandle grammar, SafeHandle likeliest) : IDisposable
{
    private readonly delegate* unmanaged<nint, TokenDataArray*, void> _apply =
        (delegate* unmanaged<nint, TokenDataArray*, void>)NativeLibrary.GetExport(library, "llama_sampler_apply");

    private readonly delegate* unmanaged<nint, int, void> _accept =
        (delegate* unmanaged<nint, int, void>)NativeLibrary.GetExport(library, "llama_sampler_accept");

    public void Choose(TokenDataArray* candidates) => Apply(choice, candidates);

    public void Fit(TokenDataArray* candidates) => Apply(grammar, candidates);

    public void Narrow(TokenDataArray* candidates) => Apply(likeliest, candidates);

    public void Accept(int token)
    {
        _accept(Open(grammar), token);
        _accept(Open(choice), token);
    }

    public void Dispose()
    {
        likeliest.Dispose();
        choice.Dispose();
        grammar.Dispose();
    }

    private void Apply(SafeHandle sampler, TokenDataArray* candidates) => _apply(Open(sampler), candidates);

    // The model's thread alone draws and ends an answer, so that none of them is freed meanwhile.
    private static nint Open(SafeHandle sampler)
    {
        ObjectDisposedException.ThrowIf(sampler.IsClosed, typeof(GrammarChains));
        return sampler.DangerousGetHandle();
    }
}
