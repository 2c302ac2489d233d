using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Serving;

/// <summary>Which mode a feature serves. Pure: no I/O, no clock of its own.</summary>
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
        ShopProfile shop, string feature, bool flagOn, IEnumerable<Pin> pins, IReadOnlyList<EndpointHealth> health,
        bool bypass, DateTimeOffset now)
    {
        if (bypass)
        {
            return new(Mode.Fallback, Reasons.Bypass);
        }

        if (!flagOn)
        {
            return new(Mode.Off, Reasons.FlagOff);
        }

        if (PinThatDecides(shop.Domain, feature, pins, now) is { } pin)
        {
            return new(pin.Mode, Reasons.Pinned);
        }

        var usable = health.Where(endpoint => shop.MaySee(endpoint, now) && endpoint.State != EndpointState.Down).ToList();
        if (usable.Count == 0)
        {
            return new(Mode.Fallback, Reasons.NoEligibleEndpoint);
        }

        return usable.All(endpoint => endpoint.State == EndpointState.Degraded)
            ? new(Mode.Fallback, Reasons.Degraded)
            : Decision.Live;
    }

    /// <summary>The pin that outranks the others: human over incident over drill, then narrower over wider, then the newest.</summary>
    public static Pin? PinThatDecides(string shop, string feature, IEnumerable<Pin> pins, DateTimeOffset now) => pins
        .Where(pin => pin.Holds(shop, feature, now))
        .OrderBy(pin => pin.Holder)
        .ThenByDescending(pin => (pin.Shop is null ? 0 : 2) + (pin.Feature is null ? 0 : 1))
        .ThenByDescending(pin => pin.From)
        .ThenBy(pin => pin.Id)
        .FirstOrDefault();
}
