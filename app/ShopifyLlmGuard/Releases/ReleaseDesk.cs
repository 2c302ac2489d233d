using System.Globalization;
using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Releases;

/// <summary>Adds releases and moves them through their rollout, one transaction a step. A problem is a value: one plain sentence.</summary>
public sealed class ReleaseDesk(IDbContextFactory<GuardDb> databases, Snapshots snapshots, ReleaseBoard board, AuditTrail trail, TimeProvider clock)
{
    // One step of a feature at a time, on all servers.
    private const int LockSpace = 0x72656c; // "rel"

    /// <summary>Keeps a release. Returns every mistake; then nothing is kept.</summary>
    public async Task<IReadOnlyList<string>> AddAsync(
        string id, string feature, ReleaseBundle bundle, string actor, CancellationToken cancellationToken = default)
    {
        var mistakes = ReleaseRules.Mistakes(id, feature, bundle);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (mistakes.Count > 0 || await db.Releases.AnyAsync(release => release.Id == id, cancellationToken))
        {
            return mistakes.Count > 0 ? mistakes : [$"There is a release {id} already, and releases never change: take another name."];
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        db.Releases.Add(new Release { Id = id, Feature = feature, Bundle = bundle, AddedAt = DatabaseTime.Of(clock), AddedBy = actor });
        await trail.AppendAsync(db, new(AuditActions.ReleaseAdded, null, actor, id, $"{feature}, {bundle.Model ?? "any model"}"), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return [];
    }

    /// <summary>Every release, oldest first.</summary>
    public async Task<IReadOnlyList<Release>> ListAsync(CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Releases.AsNoTracking().OrderBy(release => release.AddedAt).ToListAsync(cancellationToken);
    }

    /// <summary>What happened to a feature's releases, newest first.</summary>
    public async Task<IReadOnlyList<RolloutChange>> HistoryAsync(string feature, int limit = 50, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.RolloutChanges.AsNoTracking().Where(change => change.Feature == feature)
            .OrderByDescending(change => change.Id).Take(limit).ToListAsync(cancellationToken);
    }

    /// <summary>Gives a release a share of the visitors. Null when it has it; else why not.</summary>
    public async Task<string?> StartAsync(
        string release, int percent, bool automatic, string actor, string reason, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await db.Releases.AsNoTracking().SingleOrDefaultAsync(known => known.Id == release, cancellationToken) is not { } found)
        {
            return $"There is no release {release}.";
        }

        var last = await db.GoldenRuns.AsNoTracking().Where(run => run.Release == release).OrderByDescending(run => run.Id).FirstOrDefaultAsync(cancellationToken);
        var untested = RolloutPolicy.Untested(release, last, board.HostsOf(found).Select(endpoint => endpoint.Id));
        var failed = await WasRolledBackAsync(db, found, cancellationToken);
        var wish = new RolloutWish(found.Feature, actor, reason, DatabaseTime.Of(clock)) { Release = release, Percent = percent, IsAutomatic = automatic };
        return await ChangeAsync(db, found.Feature, now => RolloutPolicy.Start(now, wish, untested, failed), cancellationToken);
    }

    /// <summary>Gives the candidate another share; 100 promotes it. Null when done; else why not.</summary>
    public Task<string?> WidenAsync(string feature, int percent, string actor, string reason, CancellationToken cancellationToken = default) =>
        ChangeAsync(feature, now => RolloutPolicy.Widen(now, new(feature, actor, reason, DatabaseTime.Of(clock)) { Percent = percent }), cancellationToken);

    /// <summary>Back to the release before, in one step. Null when done; else why not.</summary>
    public Task<string?> RollBackAsync(string feature, string actor, string reason, CancellationToken cancellationToken = default) =>
        ChangeAsync(feature, now => RolloutPolicy.RollBack(now, new(feature, actor, reason, DatabaseTime.Of(clock))), cancellationToken);

    /// <summary>The guard's own steps: only if the release is still where it was when it was judged.</summary>
    internal Task<string?> ActAsync(Rollout judged, RolloutWish wish, CancellationToken cancellationToken) => ChangeAsync(
        wish.Feature,
        now => now is null || now.At != judged.Since || now.Step != judged.Step ? RolloutPolicy.Outcome.No("Somebody else was faster.")
            : wish.Signal is null ? RolloutPolicy.Widen(now, wish) : RolloutPolicy.RollBack(now, wish),
        cancellationToken);

    private async Task<string?> ChangeAsync(
        string feature, Func<RolloutChange?, RolloutPolicy.Outcome> decide, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await ChangeAsync(db, feature, decide, cancellationToken);
    }

    private async Task<string?> ChangeAsync(
        GuardDb db, string feature, Func<RolloutChange?, RolloutPolicy.Outcome> decide, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({LockSpace}, hashtext({feature}))", cancellationToken);
        var last = await db.RolloutChanges.AsNoTracking().Where(change => change.Feature == feature)
            .OrderByDescending(change => change.Id).FirstOrDefaultAsync(cancellationToken);
        var (change, problem) = decide(last);
        if (change is null)
        {
            return problem;
        }

        db.RolloutChanges.Add(change);
        await trail.AppendAsync(db, Note(change), cancellationToken);
        await db.SaveAndTellAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        await snapshots.RefreshAsync(cancellationToken);
        return null;
    }

    private static AuditNote Note(RolloutChange change) => new(
        change.Step switch
        {
            RolloutStep.Started => AuditActions.ReleaseStarted,
            RolloutStep.Widened => AuditActions.ReleaseWidened,
            RolloutStep.Promoted => AuditActions.ReleasePromoted,
            _ => AuditActions.ReleaseRolledBack,
        },
        null, change.Actor, change.Feature,
        change.Candidate is null ? $"{change.Stable} answers" : string.Create(
            CultureInfo.InvariantCulture, $"{change.Candidate} answers {change.Percent} %, {change.Stable} the others"),
        change.Reason);

    // The row before a rollback shows who answered then and does not now.
    private static async Task<bool> WasRolledBackAsync(GuardDb db, Release release, CancellationToken cancellationToken)
    {
        var changes = await db.RolloutChanges.AsNoTracking().Where(change => change.Feature == release.Feature).OrderBy(change => change.Id).ToListAsync(cancellationToken);
        return changes.Zip(changes.Skip(1)).Any(pair => pair.Second.Step == RolloutStep.RolledBack
            && (pair.First.Candidate is { } candidate ? candidate == release.Id : pair.First.Stable == release.Id));
    }
}
