using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Releases.Comparing;

namespace ShopifyLlmGuard.Releases;

/// <summary>How a feature's releases stand now.</summary>
/// <param name="Rollout">Which there are.</param>
/// <param name="Compared">What is compared; null when nothing is.</param>
/// <param name="Golden">The last golden run of the newest of them; null when there was none.</param>
public sealed record ReleaseStatus(Rollout Rollout, ReleaseStand? Compared, GoldenRun? Golden)
{
    /// <summary>What a rollback would lead to; null when there is nothing to go back to.</summary>
    public Release? Before => Rollout.Candidate is null ? Rollout.Previous : Rollout.Stable;

    /// <summary>The endpoints in service that have its model and are not down: going back there takes no longer than a notification.</summary>
    public required IReadOnlyList<string> WarmAt { get; init; }
}

/// <summary>How a new release stands beside its predecessor.</summary>
/// <param name="New">Its id.</param>
/// <param name="Old">Its predecessor's.</param>
/// <param name="Percent">The share of the visitors who meet the new one.</param>
/// <param name="Until">Until when they are compared; null without an end.</param>
/// <param name="Verdict">What is thought of it.</param>
/// <param name="RolledBackAt">The evidence at which it is rolled back.</param>
public sealed record ReleaseStand(string New, string Old, int Percent, DateTimeOffset? Until, ReleaseVerdict Verdict, double RolledBackAt);

/// <summary>Reads how releases stand, for people.</summary>
public sealed class ReleaseReader
{
    private readonly ReleaseBoard board;
    private readonly ReleaseComparison comparison;
    private readonly HealthBoard health;
    private readonly IDbContextFactory<GuardDb> databases;
    private readonly ReleaseOptions options;
    private readonly TimeProvider clock;

    internal ReleaseReader(
        ReleaseBoard board, ReleaseComparison comparison, HealthBoard health, IDbContextFactory<GuardDb> databases, IOptions<ReleaseOptions> options,
        TimeProvider clock) =>
        (this.board, this.comparison, this.health, this.databases, this.options, this.clock) = (board, comparison, health, databases, options.Value, clock);

    /// <summary>How a feature's releases stand, by what all servers have written until now.</summary>
    public async Task<ReleaseStatus> ReadAsync(string feature, CancellationToken cancellationToken = default)
    {
        var rollout = board.Read(feature);
        var stand = rollout.PairAt(clock.GetUtcNow(), options) is not { } pair ? null : new ReleaseStand(
            pair.New.Id, pair.Old.Id, pair.Percent, rollout.Candidate is null ? rollout.Since + options.WatchAfterPromotion : null,
            await comparison.JudgeAsync(feature, pair, cancellationToken), 1 / options.FalseAlarms);
        var newest = (rollout.Candidate ?? rollout.Stable).Id;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var golden = await db.GoldenRuns.AsNoTracking().Where(run => run.Release == newest).OrderByDescending(run => run.Id).FirstOrDefaultAsync(cancellationToken);
        var status = new ReleaseStatus(rollout, stand, golden) { WarmAt = [] };
        return status.Before is { } before ? status with { WarmAt = WarmAt(before) } : status;
    }

    private IReadOnlyList<string> WarmAt(Release release)
    {
        var down = health.Read().Where(endpoint => endpoint.State == EndpointState.Down).Select(endpoint => endpoint.Endpoint);
        return [.. board.HostsOf(release).Select(endpoint => endpoint.Id).Except(down, StringComparer.Ordinal)];
    }
}
