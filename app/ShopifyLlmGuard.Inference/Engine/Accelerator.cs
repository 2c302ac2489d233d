using System.Diagnostics.Metrics;

namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>What computes: <c>gpu</c>, <c>cpu</c>, or <c>cpu-despite-gpu</c>, which is a machine that does not do what it was bought for.</summary>
internal static class Accelerator
{
    public const string Wasted = "cpu-despite-gpu";

    /// <param name="hasGpu">The machine has such a device.</param>
    /// <param name="devices">The GPUs that llama.cpp can use.</param>
    /// <param name="layers">The model's layers that were put on them; with none of them the processor computes all.</param>
    public static string Of(bool hasGpu, int devices, int layers) => (hasGpu || devices > 0, devices > 0 && layers > 0) switch
    {
        (_, true) => "gpu",
        (true, false) => Wasted,
        _ => "cpu",
    };

    public static void Observe(IMeterFactory meters, ModelHost host) => meters.Create(InferenceMeter.Name).CreateObservableGauge(
        "llm.accelerator",
        () => host.Accelerator is { } kind ? [new Measurement<int>(1, new KeyValuePair<string, object?>("kind", kind))] : Array.Empty<Measurement<int>>(),
        description: "What computes: gpu, cpu, or cpu-despite-gpu.");
}
