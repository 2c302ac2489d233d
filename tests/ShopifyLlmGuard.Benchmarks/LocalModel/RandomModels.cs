using ShopifyLlmGuard.Inference.Tests;

namespace ShopifyLlmGuard.Benchmarks.LocalModel;

/// <summary>
/// Models with random weights of 8 bits: they compute at the speed of a trained one, and an answer is as long as it may be.
/// Heads share keys and values, and the vocabulary has words, as in models of today.
/// The shipped demo model knows 1,024 tokens, which is too short for a prompt of a thousand and its answer.
/// </summary>
internal sealed class RandomModels : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llm-guard-bench-").FullName;

    public RandomModels()
    {
        Medium = new TinyModel { Width = 384, Layers = 8, Hidden = 1024, Heads = 6, KeyHeads = 2, Words = 1789, HasEightBits = true }.Write(Path.Combine(_folder, "medium.gguf"));
        Small = new TinyModel { Width = 256, Layers = 4, Hidden = 512, HasEightBits = true }.Write(Path.Combine(_folder, "small.gguf"));
    }

    /// <summary>14 million weights, 2,048 tokens.</summary>
    public string Medium { get; }

    /// <summary>3 million weights.</summary>
    public string Small { get; }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
