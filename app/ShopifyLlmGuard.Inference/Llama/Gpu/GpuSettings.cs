namespace ShopifyLlmGuard.Inference.Llama.Gpu;

/// <summary>What of a model a GPU computes; the rest stays with the processor.</summary>
/// <param name="Layers">So many layers, 0 is none; null is as many as fit into the free memory.</param>
/// <param name="Only">The one GPU to use, counted from 0; null is all of them.</param>
/// <param name="Split">Each GPU's part of the layers, in proportion; empty is by free memory.</param>
internal sealed record GpuSettings(int? Layers, int? Only, IReadOnlyList<float> Split)
{
    public static GpuSettings Automatic { get; } = new(null, null, []);
}

/// <param name="Name">How llama.cpp calls it, for example <c>CUDA0</c>.</param>
/// <param name="Free">Bytes of its memory that nobody uses now.</param>
/// <param name="Total">Bytes of its memory.</param>
internal sealed record LlmDevice(string Name, long Free, long Total);
