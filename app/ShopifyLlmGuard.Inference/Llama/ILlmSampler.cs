namespace ShopifyLlmGuard.Inference.Llama;

/// <summary>Chooses tokens for one sequence; keeps the random state between them.</summary>
internal interface ILlmSampler : IDisposable;

/// <param name="Temperature">0 always takes the likeliest token.</param>
/// <param name="TopP">Only the likeliest tokens that together reach this probability are drawn from; 1 is all of them.</param>
/// <param name="Seed">The same seed draws the same tokens from the same prompt.</param>
internal sealed record SamplingSettings(float Temperature, float TopP, uint Seed)
{
    public static SamplingSettings Greedy { get; } = new(0, 1, 0);

    public bool IsGreedy => Temperature == 0;
}
