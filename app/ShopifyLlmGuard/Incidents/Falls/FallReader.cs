using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Incidents.Falls;

/// <summary>Tells from the rows of that moment whether a change of a mode was trouble, and where the trouble was.</summary>
internal sealed class FallReader(GuardDb db, EndpointList endpoints, Snapshot snapshot, ImmutableArray<Pin> pins)
{
    private readonly Dictionary<DateTimeOffset, IReadOnlyList<EndpointHealth>> healthAt = [];
    private readonly PinIndex pins = new(pins);

    /// <summary>Whether somebody wanted the feature not to be live: a merchant, a person or a drill. That is no trouble, and ends it.</summary>
    public bool IsOnPurpose(ServingChange change) => change.Reason switch
    {
        Reasons.FlagOff or Reasons.Bypass => true,
        Reasons.Pinned => PinThen(change) is { Holder: not PinHolder.Incident },
        _ => false,
    };

    /// <summary>What an alert holds.</summary>
    public static Fall Of(ServingChange change, Pin pin) => new(change, [], [], [$"pin:{pin.Id}", $"alert:{pin.Actor}: {pin.Reason}"]);

    /// <summary>The fall; null when the change is no trouble: a person, a drill or the merchant wanted it so.</summary>
    public async Task<Fall?> ReadAsync(ServingChange change, CancellationToken cancellationToken)
    {
        switch (change.Reason)
        {
            case Reasons.NoEligibleEndpoint or Reasons.Degraded:
                var shop = snapshot.Shop(change.Shop);
                var troubled = (await HealthAsync(change.At, cancellationToken))
                    .Where(endpoint => shop.MaySee(endpoint, change.At) && (endpoint.State != EndpointState.Up || IsHeldThen(endpoint.Region, change))).ToList();
                List<string> names = [.. troubled.Select(endpoint => endpoint.Endpoint)], regions = [.. troubled.Select(endpoint => endpoint.Region).Distinct()];
                return new Fall(change, names, regions, [.. names.Select(name => $"endpoint:{name}"), .. regions.Select(region => $"region:{region}")]);
            case Reasons.Pinned when PinThen(change) is { Holder: PinHolder.Incident } pin:
                return Of(change, pin);
            default:
                return null;
        }
    }

    private bool IsHeldThen(string region, ServingChange change) => pins.Of(change.Shop).Any(pin =>
        (pin.ReleasedAt > change.At ? pin with { ReleasedAt = null } : pin).HoldsRegion(region, change.Shop, change.Feature, change.At));

    // A change is recorded a moment after the pin was placed, and may be read after its release.
    private Pin? PinThen(ServingChange change) => ServingPolicy.PinThatDecides(
        change.Shop, change.Feature, pins.Of(change.Shop).Select(pin => pin.ReleasedAt > change.At ? pin with { ReleasedAt = null } : pin), change.At);

    private async Task<IReadOnlyList<EndpointHealth>> HealthAsync(DateTimeOffset at, CancellationToken cancellationToken)
    {
        if (healthAt.TryGetValue(at, out var known))
        {
            return known;
        }

        List<EndpointHealth> read = [];
        foreach (var endpoint in endpoints.Current)
        {
            var change = await db.EndpointChanges.AsNoTracking().Where(each => each.Endpoint == endpoint.Id && each.At <= at)
                .OrderByDescending(each => each.At).ThenByDescending(each => each.Id).FirstOrDefaultAsync(cancellationToken);
            read.Add(new EndpointHealth(
                endpoint.Id, endpoint.Region, endpoint.Jurisdiction, change?.State ?? EndpointState.Up, change?.Detail, change?.At, endpoint.AttestedUntil));
        }

        return healthAt[at] = read;
    }
}
