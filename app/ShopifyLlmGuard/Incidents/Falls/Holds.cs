using System.Collections.Immutable;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Incidents.Falls;

/// <summary>A feature that only an alert holds since a person's pin over it has ended.</summary>
internal sealed record Uncovered(string Shop, string Feature, Pin Alert, DateTimeOffset At);

/// <summary>
/// What people and drills hold now. Such a pin over an alert's, or one that ends under it, changes neither mode nor reason: no recorded
/// change tells of it. Pure.
/// </summary>
internal sealed class Holds(ImmutableArray<Pin> pins, Snapshot snapshot, DateTimeOffset now)
{
    /// <summary>A pin that ended longer ago has been noticed.</summary>
    public static readonly TimeSpan LookBack = TimeSpan.FromDays(1);

    private readonly PinIndex standing = new([.. pins.Where(pin => pin.ReleasedAt is null)]);

    /// <summary>Since when the feature is held on purpose; null when it is not.</summary>
    public DateTimeOffset? Since(string shop, string feature) =>
        Deciding(shop, feature) is { Holder: not PinHolder.Incident } pin ? pin.From : null;

    public IEnumerable<Uncovered> Uncovered() => (
        from hold in pins
        let ended = hold.ReleasedAt ?? hold.Until
        where hold.Holder != PinHolder.Incident && ended <= now && ended >= now - LookBack
        from shop in snapshot.Shops.Keys
        where hold.Shop is null || hold.Shop == shop
        from feature in hold.Feature is null ? Features.All.Select(feature => feature.Key) : [hold.Feature]
        let alert = Deciding(shop, feature)
        where alert is { Holder: PinHolder.Incident }
        select new Uncovered(shop, feature, alert, ended > alert.From ? ended.Value : alert.From))
        .GroupBy(each => (each.Shop, each.Feature)).Select(same => same.MaxBy(each => each.At)!);

    private Pin? Deciding(string shop, string feature) => ServingPolicy.PinThatDecides(shop, feature, standing.Of(shop), now);
}
