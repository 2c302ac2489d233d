using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using Microsoft.FeatureManagement;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Health;

namespace ShopifyLlmGuard.Serving;

/// <summary>What each feature of a shop serves now. Answers from memory, and a decision allocates nothing.</summary>
public sealed class ServingBoard
{
    private readonly Snapshots snapshots;
    private readonly HealthBoard health;
    private readonly Bypass bypass;
    private readonly IFeatureManager features;
    private readonly TimeProvider clock;
    private volatile Prepared prepared;

    public ServingBoard(
        Snapshots snapshots, HealthBoard health, Bypass bypass, IFeatureManager features, GuardMeter meter, TimeProvider clock)
    {
        (this.snapshots, this.health, this.bypass, this.features, this.clock) = (snapshots, health, bypass, features, clock);
        prepared = new(snapshots.Current, new(snapshots.Current.Pins), new(features), BypassedIn(snapshots.Current));
        meter.Observe("guard.feature.shops", "Shops by feature and the mode that it serves there now.", CountShops);
    }

    /// <summary>The mode of one feature. An unknown feature is off.</summary>
    public Decision Decide(string shop, string feature) => WithoutModel(bypass.IsOnFor(shop), Decide(snapshots.Current, shop, feature, bypass.IsOn));

    /// <summary>
    /// The mode that all servers share, for what is said to the world in their name: a file, an environment or a decision that only
    /// this server knows changes this server's answers and nothing else, or they would contradict each other.
    /// </summary>
    public Decision DecideShared(string shop, string feature) => DecideShared(snapshots.Current, shop, feature);

    /// <summary>Every feature of the shop, with what a human wants to know about it.</summary>
    public IReadOnlyList<ServingState> Read(string shop)
    {
        var snapshot = snapshots.Current;
        return [.. Features.All.Select(feature => Read(snapshot, shop, feature))];
    }

    internal Decision DecideShared(Snapshot snapshot, string shop, string feature)
    {
        var bypassed = Prepare(snapshot).Bypassed;
        return WithoutModel(bypassed.Contains(shop), Decide(snapshot, shop, feature, bypassed.Contains("")));
    }

    internal string? Explain(Snapshot snapshot, string shop, string feature, Decision decision) => decision.Reason switch
    {
        Reasons.Bypass => string.Join(' ', bypass.Holds(shop).Select(hold => $"Bypassed by {hold.Author}: {hold.Reason}")),
        Reasons.FlagOff => "Switched off by the merchant.",
        Reasons.Pinned when PinOf(snapshot, shop, feature) is { } pin => $"Held by {pin.Actor}: {pin.Reason}",
        Reasons.NoEligibleEndpoint or Reasons.Degraded => ExplainEndpoints(snapshot, shop, feature),
        _ => null,
    };

    private Decision Decide(Snapshot snapshot, string shop, string feature, bool bypassOn)
    {
        var ready = Prepare(snapshot);
        return ServingPolicy.Decide(
            snapshot.Shop(shop), feature, ready.Flags.IsOn(snapshot, shop, feature), ready.Pins.Of(shop), health.Read(), bypassOn,
            clock.GetUtcNow());
    }

    // A merchant's own bypass takes the model away and nothing else: what is off or held stays as it is.
    private static Decision WithoutModel(bool isBypassed, Decision decision) =>
        decision.Mode == Mode.Live && isBypassed ? Decision.Bypassed : decision;

    // Once for each snapshot; what did not change is taken over.
    private Prepared Prepare(Snapshot snapshot)
    {
        var last = prepared;
        return ReferenceEquals(last.Snapshot, snapshot) ? last : prepared = new(
            snapshot,
            last.Snapshot.Pins == snapshot.Pins ? last.Pins : new(snapshot.Pins),
            ReferenceEquals(last.Snapshot.Flags, snapshot.Flags) && ReferenceEquals(last.Snapshot.Shops, snapshot.Shops) ? last.Flags : new(features),
            last.Snapshot.Bypasses == snapshot.Bypasses ? last.Bypassed : BypassedIn(snapshot));
    }

    // Empty stands for every shop.
    private static FrozenSet<string> BypassedIn(Snapshot snapshot) =>
        snapshot.Bypasses.Where(decision => decision.On).Select(decision => decision.Shop ?? "").ToFrozenSet(StringComparer.Ordinal);

    private ServingState Read(Snapshot snapshot, string shop, Feature feature)
    {
        var decision = WithoutModel(bypass.IsOnFor(shop), Decide(snapshot, shop, feature.Key, bypass.IsOn));
        return new ServingState(
            feature, Prepare(snapshot).Flags.IsOn(snapshot, shop, feature.Key), decision.Mode, decision.Reason,
            Explain(snapshot, shop, feature.Key, decision), null, PinOf(snapshot, shop, feature.Key));
    }

    private IEnumerable<Measurement<int>> CountShops() =>
        from feature in Features.All
        let modes = snapshots.Current.Shops.Keys.Select(shop => Decide(shop, feature.Key).Mode).ToList()
        from mode in Enum.GetValues<Mode>()
        select new Measurement<int>(
            modes.Count(served => served == mode), new("feature", feature.Key), new("mode", mode.ToString().ToLowerInvariant()));

    private Pin? PinOf(Snapshot snapshot, string shop, string feature) =>
        ServingPolicy.PinThatDecides(shop, feature, Prepare(snapshot).Pins.Of(shop), clock.GetUtcNow());

    private string ExplainEndpoints(Snapshot snapshot, string shop, string feature)
    {
        var now = clock.GetUtcNow();
        var endpoints = health.Read();
        var profile = snapshot.Shop(shop);
        var allowed = endpoints.Where(endpoint => profile.MaySee(endpoint, now)).ToList();
        if (endpoints.Count == 0)
        {
            return "No endpoint is configured.";
        }

        return allowed.Count == 0
            ? $"No endpoint runs under a jurisdiction that the shop allows ({string.Join(", ", profile.Jurisdictions)})."
            : string.Join(' ', allowed.Select(endpoint => endpoint.Detail).OfType<string>().Concat(
                Prepare(snapshot).Pins.Of(shop).Where(pin => allowed.Any(endpoint => pin.HoldsRegion(endpoint.Region, shop, feature, now)))
                    .Select(pin => $"Region {pin.Region} is held by {pin.Actor}: {pin.Reason}.")));
    }

    private sealed record Prepared(Snapshot Snapshot, PinIndex Pins, FlagMemory Flags, FrozenSet<string> Bypassed);
}
