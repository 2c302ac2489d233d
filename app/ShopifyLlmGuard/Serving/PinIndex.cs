using System.Collections.Frozen;
using System.Collections.Immutable;

namespace ShopifyLlmGuard.Serving;

/// <summary>The pins that can matter for a shop, found without looking at those of all the others.</summary>
internal sealed class PinIndex
{
    private readonly ImmutableArray<Pin> everywhere;
    private readonly FrozenDictionary<string, ImmutableArray<Pin>> byShop;

    public PinIndex(ImmutableArray<Pin> pins)
    {
        everywhere = [.. pins.Where(pin => pin.Shop is null)];
        byShop = pins.Where(pin => pin.Shop is not null).GroupBy(pin => pin.Shop!)
            .ToFrozenDictionary(own => own.Key, own => everywhere.AddRange(own));
    }

    public ImmutableArray<Pin> Of(string shop) => byShop.TryGetValue(shop, out var pins) ? pins : everywhere;
}
