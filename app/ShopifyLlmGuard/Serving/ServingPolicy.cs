using System.Collections.Immutable;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Serving;

/// <summary>Which mode a feature serves. Pure: no I/O, no clock of its own; and it allocates nothing, since every answer asks.</summary>
public static class ServingPolicy
{
    /// <summary>Decides; the first rule that applies wins.</summary>
    /// <param name="shop">The shop and the jurisdictions that it allows.</param>
    /// <param name="feature">The feature's key.</param>
    /// <param name="flagOn">The merchant's switch for the feature.</param>
    /// <param name="pins">All pins that are not released; expired and foreign ones are ignored here.</param>
    /// <param name="health">Every configured endpoint with its state.</param>
    /// <param name="bypass">Whether an operator switched the guard to fallback on this server.</param>
    /// <param name="now">The present.</param>
    public static Decision Decide(
        ShopProfile shop, string feature, bool flagOn, ImmutableArray<Pin> pins, IReadOnlyList<EndpointHealth> health,
        bool bypass, DateTimeOffset now)
    {
        if (bypass)
        {
            return Decision.Bypassed;
        }

        if (!flagOn)
        {
            return Decision.SwitchedOff;
        }

        if (PinThatDecides(shop.Domain, feature, pins, now) is { } pin)
        {
            return Decision.PinnedTo(pin.Mode);
        }

        return Among(shop, feature, pins, health, now);
    }

    /// <summary>Whether a pin keeps the feature away from a region now.</summary>
    public static bool IsHeld(string region, string shop, string feature, ImmutableArray<Pin> pins, DateTimeOffset now)
    {
        foreach (var pin in pins)
        {
            if (pin.HoldsRegion(region, shop, feature, now))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The pin that outranks the others: human over incident over drill, then narrower over wider, then the newest.</summary>
    public static Pin? PinThatDecides(string shop, string feature, ImmutableArray<Pin> pins, DateTimeOffset now)
    {
        Pin? highest = null;
        foreach (var pin in pins)
        {
            if (pin.Holds(shop, feature, now) && (highest is null || Outranks(pin, highest)))
            {
                highest = pin;
            }
        }

        return highest;
    }

    /// <summary>The same for pins that are still being chosen; not for answers.</summary>
    public static Pin? PinThatDecides(string shop, string feature, IEnumerable<Pin> pins, DateTimeOffset now) =>
        PinThatDecides(shop, feature, pins.ToImmutableArray(), now);

    private static Decision Among(
        ShopProfile shop, string feature, ImmutableArray<Pin> pins, IReadOnlyList<EndpointHealth> health, DateTimeOffset now)
    {
        var isDegraded = false;
        for (var index = 0; index < health.Count; index++)
        {
            if (health[index] is { State: not EndpointState.Down } endpoint && shop.MaySee(endpoint, now)
                && !IsHeld(endpoint.Region, shop.Domain, feature, pins, now))
            {
                if (endpoint.State != EndpointState.Degraded)
                {
                    return Decision.Live;
                }

                isDegraded = true;
            }
        }

        return isDegraded ? Decision.Degraded : Decision.NoEndpoint;
    }

    private static bool Outranks(Pin one, Pin other) =>
        one.Holder != other.Holder ? one.Holder < other.Holder
        : Narrowness(one) != Narrowness(other) ? Narrowness(one) > Narrowness(other)
        : one.From != other.From ? one.From > other.From
        : one.Id.CompareTo(other.Id) < 0;

    private static int Narrowness(Pin pin) => (pin.Shop is null ? 0 : 2) + (pin.Feature is null ? 0 : 1);
}
