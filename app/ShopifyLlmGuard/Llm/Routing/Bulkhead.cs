using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Llm.Routing;

/// <summary>Limits how many calls run at once, per feature and within it per caller, so that none can starve another.</summary>
internal sealed class Bulkhead(IOptions<LlmOptions> llm, IOptions<TimeOptions> times, TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, FairLine> features = new();

    /// <summary>Running calls of a feature by its places, 0 to 1.</summary>
    public double Load(string feature) => Line(feature).Load;

    /// <summary>A place, to be given back by disposing it; null when none was free in time.</summary>
    public Task<IDisposable?> EnterAsync(string caller, string feature, CancellationToken cancellationToken) =>
        Line(feature).EnterAsync(caller, times.Value.Bulkhead, clock, cancellationToken);

    private FairLine Line(string feature) => features.GetOrAdd(
        feature, static (_, options) => new FairLine(options.PerFeature, options.PerShop, options.Newcomers), llm.Value.Bulkhead);
}
