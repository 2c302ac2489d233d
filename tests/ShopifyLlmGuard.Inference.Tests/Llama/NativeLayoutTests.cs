using ShopifyLlmGuard.Inference.Llama;
using System.Runtime.InteropServices;
using ShopifyLlmGuard.Inference.Llama.LibLlama;

namespace ShopifyLlmGuard.Inference.Tests.Llama;

/// <summary>The structs lie in memory as a C++ compiler lays out those of llama.h, release v0.5.0.</summary>
public sealed class NativeLayoutTests
{
    [Fact]
    public void Model_parameters_lie_as_in_the_header() => AssertLayout<ModelParams>(
        80, 0, 8, 16, 20, 24, 28, 32, 40, 48, 56, 64, 72, 73, 74, 75, 76, 77);

    [Fact]
    public void Context_parameters_lie_as_in_the_header() => AssertLayout<ContextParams>(
        160, 0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60, 64, 68, 72, 76, 80, 84, 88, 96, 104, 108, 112, 120,
        128, 129, 130, 131, 132, 133, 136, 144, 152);

    [Fact]
    public void A_batch_lies_as_in_the_header() => AssertLayout<Batch>(56, 0, 8, 16, 24, 32, 40, 48);

    [Fact]
    public void A_chat_message_lies_as_in_the_header() => AssertLayout<ChatMessage>(16, 0, 8);

    [Fact]
    public void Sampler_parameters_lie_as_in_the_header() => AssertLayout<SamplerChainParams>(1, 0);

    [Fact]
    public void Candidates_lie_as_in_the_header()
    {
        AssertLayout<TokenData>(12, 0, 4, 8);
        AssertLayout<TokenDataArray>(32, 0, 8, 16, 24);
    }

    private static void AssertLayout<T>(int size, params int[] offsets)
        where T : unmanaged
    {
        var fields = typeof(T).GetFields().OrderBy(field => field.MetadataToken).ToArray();

        Assert.Equal(size, System.Runtime.CompilerServices.Unsafe.SizeOf<T>());
        Assert.Equal(offsets, fields.Select(field => (int)Marshal.OffsetOf<T>(field.Name)));
    }
}
