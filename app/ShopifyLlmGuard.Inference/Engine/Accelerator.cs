using System.Diagnostics.Metrics;
using ShopifyLlmGuard.Inference.Memory;

namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>What computes: <c>gpu</c>, <c>cpu</c>, or <c>cpu-despite-gpu</c>, which is a machine that does not do what it was bought for.</summary>
internal static class Accelerator
{
    public const string Wasted = "cpu-despite-gpu";

    /// <param name="hasGpu">The machine has such a device.</param>
    /// <param name="offloads">llama.cpp found a backend that can use one.</param>
    public static string Of(bool hasGpu, bool offloads) => (hasGpu, offloads) switch
    {
        (_, true) => "gpu",
        (true, false) => Wasted,
        _ => "cpu",
    };

    public static string Of(bool offloads) => Of(Gpu.IsThere, offloads);

    public static void Observe(IMeterFactory meters, ModelHost host) => meters.Create(InferenceMeter.Name).CreateObservableGauge(
        "llm.accelerator",
        () => host.Accelerator is { } kind ? [new Measurement<int>(1, new KeyValuePair<string, object?>("kind", kind))] : Array.Empty<Measurement<int>>(),
        description: "What computes: gpu, cpu, or cpu-despite-gpu.");
}
