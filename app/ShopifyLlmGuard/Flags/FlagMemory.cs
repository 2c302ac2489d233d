using System.Collections.Concurrent;
using Microsoft.FeatureManagement;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Flags;

/// <summary>
/// What Microsoft.FeatureManagement said about a shop's features, asked once for each as long as no flag changes: an evaluation
/// runs through several tasks and filters, and every answer needs one.
/// </summary>
internal sealed class FlagMemory(IFeatureManager features)
{
    private readonly ConcurrentDictionary<(string Shop, string Feature), bool> known = new();

    public bool IsOn(Snapshot snapshot, string shop, string feature)
    {
        if (known.TryGetValue((shop, feature), out var on))
        {
            return on;
        }

        // Our definition provider and filter answer from memory, so the task is always complete here.
        on = features.IsEnabledAsync(feature, new ShopContext(shop)).GetAwaiter().GetResult();

        // Strangers must not fill the memory.
        return snapshot.Shops.ContainsKey(shop) && Features.Find(feature) is not null ? known[(shop, feature)] = on : on;
    }
}
