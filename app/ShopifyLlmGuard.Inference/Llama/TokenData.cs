using System.Runtime.InteropServices;

namespace ShopifyLlmGuard.Inference.Llama;

// llama.h's, of both runtimes; the contract tests run grammars on each.

[StructLayout(LayoutKind.Sequential)]
internal struct TokenData
{
    public int Id;
    public float Logit;
    public float Probability;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TokenDataArray
{
    public TokenData* Data;
    public nuint Size;
    public long Selected;
    public byte Sorted;
}
