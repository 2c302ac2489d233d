using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Llm.Residency;

namespace ShopifyLlmGuard.Releases;

/// <summary>Which release answers a visitor, from memory.</summary>
public sealed class ReleaseBoard
{
    private readonly Snapshots snapshots;
    private readonly EndpointList endpoints;
    private readonly ReleaseTally tally;
    private readonly double slowFactor;
    private readonly TimeProvider clock;

    // Found bad by this server, whatever the database says or cannot say. For good: what was bad comes back under another name.
    private readonly ConcurrentDictionary<string, ReleaseVerdict> withdrawn = new();

    internal ReleaseBoard(
        Snapshots snapshots, EndpointList endpoints, ReleaseTally tally, IOptions<ReleaseOptions> options, GuardMeter meter, TimeProvider clock)
    {
        (this.snapshots, this.endpoints, this.tally, this.clock) = (snapshots, endpoints, tally, clock);
        slowFactor = options.Value.SlowFactor;
        meter.Observe("guard.release.percent", "Share of visitors whom a release answers.", () => Features.All.SelectMany(feature => Percents(feature.Key)));
    }

    /// <summary>A feature's releases, without those that this server has withdrawn.</summary>
    public Rollout Read(string feature)
    {
        var rollout = Recorded(feature);
        return rollout switch
        {
            { Candidate: { } candidate } when withdrawn.ContainsKey(candidate.Id) => rollout with { Candidate = null, Percent = 0 },
            { Previous: { } previous } when withdrawn.ContainsKey(rollout.Stable.Id) => rollout with { Stable = previous, Previous = null },
            _ => rollout,
        };
    }

    /// <summary>The release for a visitor. A candidate that nobody may run for this shop is none there.</summary>
    /// <param name="shop">The shop.</param>
    /// <param name="feature">The feature's key.</param>
    /// <param name="visitor">Something that stays the same for a visitor, or empty.</param>
    public Release Choose(string shop, string feature, string visitor)
    {
        var rollout = Read(feature);
        var chosen = ReleaseChoice.Of(rollout, visitor);
        return chosen == rollout.Stable || CanRun(shop, chosen) ? chosen : rollout.Stable;
    }

    /// <summary>Whether an endpoint in service has the release's model, so that going back to it takes no longer than a notification.</summary>
    public bool IsServed(Release release) => endpoints.Current.Any(endpoint => release.Bundle.Model is null || release.Bundle.Model == endpoint.Model);

    internal void Count(Answer answer) => tally.Count(answer, Read(answer.Feature).Watched?.Old.Id ?? answer.Release ?? "", slowFactor);

    /// <summary>A feature's releases as the database last said.</summary>
    internal Rollout Recorded(string feature) => snapshots.Current.Rollouts.GetValueOrDefault(feature) ?? Rollout.Of(feature);

    /// <summary>From now on the release answers nobody on this server.</summary>
    internal void Withdraw(Release release, ReleaseVerdict verdict) => withdrawn.TryAdd(release.Id, verdict);

    /// <summary>Why this server has withdrawn a release; null when it has not.</summary>
    internal ReleaseVerdict? Withdrawal(Release release) => withdrawn.GetValueOrDefault(release.Id);

    private bool CanRun(string shop, Release release)
    {
        var (allowed, now) = (snapshots.Current.Shop(shop).Jurisdictions, clock.GetUtcNow());
        return endpoints.Current.Any(endpoint =>
            (release.Bundle.Model is null || release.Bundle.Model == endpoint.Model)
            && ResidencyPolicy.Objection(allowed, endpoint.Region, endpoint.Jurisdiction, endpoint.AttestedUntil, now) is null);
    }

    private IEnumerable<Measurement<int>> Percents(string feature)
    {
        var rollout = Read(feature);
        yield return new(100 - rollout.Percent, new("feature", feature), new("release", rollout.Stable.Id));
        if (rollout.Candidate is { } candidate)
        {
            yield return new(rollout.Percent, new("feature", feature), new("release", candidate.Id));
        }
    }
}
