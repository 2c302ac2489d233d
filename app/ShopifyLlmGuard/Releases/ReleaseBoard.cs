using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Llm.Residency;
using ShopifyLlmGuard.Releases.Comparing;

namespace ShopifyLlmGuard.Releases;

/// <summary>Which release answers a visitor, from memory.</summary>
public sealed class ReleaseBoard
{
    private readonly Snapshots snapshots;
    private readonly EndpointList endpoints;
    private readonly ReleaseTally tally;
    private readonly ReleaseOptions options;
    private readonly TimeProvider clock;

    // Found bad by this server, whatever the database says or cannot say. For good: what was bad comes back under another name.
    private readonly ConcurrentDictionary<string, ReleaseVerdict> withdrawn = new();

    internal ReleaseBoard(
        Snapshots snapshots, EndpointList endpoints, ReleaseTally tally, IOptions<ReleaseOptions> options, GuardMeter meter, TimeProvider clock)
    {
        (this.snapshots, this.endpoints, this.tally, this.clock) = (snapshots, endpoints, tally, clock);
        this.options = options.Value;
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

    /// <summary>The release for a visitor. One that nobody may run for this shop is none there.</summary>
    /// <param name="shop">The shop.</param>
    /// <param name="feature">The feature's key.</param>
    /// <param name="visitor">Something that stays the same for a visitor, or empty: nobody could know that one again, so it gets the stable release.</param>
    public ReleasePick Choose(string shop, string feature, string visitor)
    {
        var rollout = Read(feature);
        if (visitor.Length == 0 || rollout.PairAt(clock.GetUtcNow(), options) is not { } pair)
        {
            return new(rollout.Stable);
        }

        var allowed = snapshots.Current.Shop(shop).Jurisdictions;
        var chosen = ReleaseChoice.Of(pair, visitor);
        return !CanRun(allowed, chosen) ? new(rollout.Stable)
            : CanRun(allowed, pair.New) && CanRun(allowed, pair.Old) ? new(chosen) { Pair = pair, Visitor = visitor }
            : new(chosen);
    }

    /// <summary>The endpoints in service that would answer for a release: those with its model, where some shop's words may go.</summary>
    public IReadOnlyList<LlmEndpoint> HostsOf(Release release)
    {
        var (allowed, now) = (Allowed(), clock.GetUtcNow());
        return [.. endpoints.Current.Where(endpoint => MayServe(endpoint, allowed, release, now))];
    }

    /// <summary>Every jurisdiction that some shop allows.</summary>
    internal IReadOnlyList<string> Allowed() =>
        [.. snapshots.Current.Shops.Values.SelectMany(shop => shop.Jurisdictions).Distinct(StringComparer.OrdinalIgnoreCase)];

    internal void Count(Answer answer, ReleasePick? pick)
    {
        if (answer.Release is not null && pick is not null)
        {
            tally.Count(answer, pick, options.SlowFactor);
        }
    }

    /// <summary>A feature's releases as the database last said.</summary>
    internal Rollout Recorded(string feature) => snapshots.Current.Rollouts.GetValueOrDefault(feature) ?? Rollout.Of(feature);

    /// <summary>From now on the release answers nobody on this server.</summary>
    internal void Withdraw(Release release, ReleaseVerdict verdict) => withdrawn.TryAdd(release.Id, verdict);

    /// <summary>Why this server has withdrawn a release; null when it has not.</summary>
    internal ReleaseVerdict? Withdrawal(Release release) => withdrawn.GetValueOrDefault(release.Id);

    private bool CanRun(IReadOnlyList<string> allowed, Release release)
    {
        var now = clock.GetUtcNow();
        return endpoints.Current.Any(endpoint => MayServe(endpoint, allowed, release, now));
    }

    private static bool MayServe(LlmEndpoint endpoint, IReadOnlyList<string> allowed, Release release, DateTimeOffset now) =>
        (release.Bundle.Model is null || release.Bundle.Model == endpoint.Model)
        && ResidencyPolicy.Objection(allowed, endpoint.Region, endpoint.Jurisdiction, endpoint.AttestedUntil, now) is null;

    private IEnumerable<Measurement<int>> Percents(string feature)
    {
        var rollout = Read(feature);
        if (rollout.PairAt(clock.GetUtcNow(), options) is not { } pair)
        {
            yield return new(100, new("feature", feature), new("release", rollout.Stable.Id));
            yield break;
        }

        yield return new(pair.Percent, new("feature", feature), new("release", pair.New.Id));
        yield return new(100 - pair.Percent, new("feature", feature), new("release", pair.Old.Id));
    }
}
