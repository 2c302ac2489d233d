using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Incidents;

/// <summary>Tells from the rows of that moment whether a change of a mode was trouble, and where the trouble was.</summary>
internal sealed class FallReader(GuardDb db, EndpointList endpoints, Snapshot snapshot)
{
    private readonly Dictionary<DateTimeOffset, IReadOnlyList<EndpointHealth>> healthAt = [];
    private IReadOnlyList<Pin>? pins;

    /// <summary>The fall; null when the change is no trouble: a person, a drill or the merchant wanted it so.</summary>
    public async Task<Fall?> ReadAsync(ServingChange change, CancellationToken cancellationToken)
    {
        switch (change.Reason)
        {
            case Reasons.NoEligibleEndpoint or Reasons.Degraded:
                var shop = snapshot.Shop(change.Shop);
                var troubled = (await HealthAsync(change.At, cancellationToken))
                    .Where(endpoint => endpoint.State != EndpointState.Up && shop.MaySee(endpoint, change.At)).ToList();
                List<string> names = [.. troubled.Select(endpoint => endpoint.Endpoint)], regions = [.. troubled.Select(endpoint => endpoint.Region).Distinct()];
                return new Fall(change, names, regions, [.. names.Select(name => $"endpoint:{name}"), .. regions.Select(region => $"region:{region}")]);
            case Reasons.Pinned when await PinAsync(change, cancellationToken) is { Holder: PinHolder.Incident } pin:
                return new Fall(change, [], [], [$"pin:{pin.Id}", $"alert:{pin.Actor}: {pin.Reason}"]);
            default:
                return null;
        }
    }

    private async Task<Pin?> PinAsync(ServingChange change, CancellationToken cancellationToken)
    {
        pins ??= await db.Pins.AsNoTracking().ToListAsync(cancellationToken);

        // A change is recorded a moment after the pin was placed, and may be read after its release.
        var then = pins.Select(pin => pin.ReleasedAt > change.At ? pin with { ReleasedAt = null } : pin);
        return ServingPolicy.PinThatDecides(change.Shop, change.Feature, then, change.At);
    }

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
                .OrderByDescending(each => each.Id).FirstOrDefaultAsync(cancellationToken);
            read.Add(new EndpointHealth(
                endpoint.Id, endpoint.Region, endpoint.Jurisdiction, change?.State ?? EndpointState.Up, change?.Detail, change?.At, endpoint.AttestedUntil));
        }

        return healthAt[at] = read;
    }
}
