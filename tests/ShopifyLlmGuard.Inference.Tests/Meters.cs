using System.Diagnostics.Metrics;
using ShopifyLlmGuard.Inference.Engine;

namespace ShopifyLlmGuard.Inference.Tests;

/// <summary>Meters of one test's own.</summary>
internal sealed class Meters : IMeterFactory
{
    public static InferenceMeter NewMeter() => new(new Meters());

    public Meter Create(MeterOptions options) => new(options);

    public void Dispose()
    {
    }
}
