using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Health;

/// <summary>
/// The last probes of every endpoint. The database has those of all servers, because any of them may run the next round;
/// while it is away, this server's own must do.
/// </summary>
internal sealed class ProbeHistory(IDbContextFactory<GuardDb> databases, IOptions<HealthOptions> options, TimeProvider clock)
{
    private static readonly TimeSpan KeepProbes = TimeSpan.FromDays(1);
    private static readonly TimeSpan TidyEvery = TimeSpan.FromMinutes(30);
    private readonly Lock gate = new();
    private readonly List<ProbeResult> own = [];
    private DateTimeOffset tidied;
    private volatile bool isAway;

    /// <summary>
    /// Whether the database did not answer last time. Then only <see cref="AddAsync"/> asks it again: a round must not wait for it
    /// more than once.
    /// </summary>
    public bool IsAway => isAway;

    private int Needed => Math.Max(options.Value.FailuresToDown, options.Value.GoodToUp);

    // Older probes say nothing about now, for instance after the rounds were paused.
    private DateTimeOffset Oldest => clock.GetUtcNow() - (options.Value.Every * ((2 * Needed) + 2));

    public async Task AddAsync(IReadOnlyList<ProbeResult> probes, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            own.AddRange(probes);
            own.RemoveAll(probe => probe.At < Oldest);
        }

        await TryAsync(async db =>
        {
            db.ProbeResults.AddRange(probes);
            await db.SaveChangesAsync(cancellationToken);
            await TidyAsync(db, cancellationToken);
            return true;
        }, cancellationToken);
    }

    /// <summary>The recent probes of these endpoints, newest first.</summary>
    public async Task<ILookup<string, ProbeResult>> RecentAsync(IReadOnlyList<string> endpoints, CancellationToken cancellationToken)
    {
        var oldest = Oldest;
        var shared = isAway ? null : await TryAsync(
            db => db.ProbeResults.AsNoTracking().Where(probe => endpoints.Contains(probe.Endpoint) && probe.At >= oldest)
                .OrderByDescending(probe => probe.At).ThenByDescending(probe => probe.Id).ToListAsync(cancellationToken),
            cancellationToken);
        lock (gate)
        {
            // Nothing that this server saw may be forgotten just because it could not be stored.
            var unstored = own.Where(probe => endpoints.Contains(probe.Endpoint) && (shared is null || probe.Id == 0));
            return unstored.Concat(shared ?? []).OrderByDescending(probe => probe.At).ToLookup(probe => probe.Endpoint);
        }
    }

    /// <summary>
    /// When any server last probed one of these endpoints, as far as this one knows; the beginning of time if never. A clock that
    /// runs ahead counts as now.
    /// </summary>
    public async Task<DateTimeOffset> NewestAsync(IReadOnlyList<string> endpoints, CancellationToken cancellationToken)
    {
        var shared = isAway ? null : await TryAsync(
            db => db.ProbeResults.AsNoTracking().Where(probe => endpoints.Contains(probe.Endpoint)).OrderByDescending(probe => probe.Id)
                .Select(probe => (DateTimeOffset?)probe.At).FirstOrDefaultAsync(cancellationToken),
            cancellationToken);
        lock (gate)
        {
            var newest = own.Where(probe => endpoints.Contains(probe.Endpoint)).Select(probe => probe.At).Append(shared ?? DateTimeOffset.MinValue).Max();
            var now = clock.GetUtcNow();
            return newest < now ? newest : now;
        }
    }

    private async Task TidyAsync(GuardDb db, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (now - tidied < TidyEvery)
        {
            return;
        }

        tidied = now;
        await db.ProbeResults.Where(probe => probe.At < now - KeepProbes).ExecuteDeleteAsync(cancellationToken);
        await db.Attempts.Where(attempt => attempt.At < now - EvidenceDesk.Kept).ExecuteDeleteAsync(cancellationToken);
        await db.EvidenceHeads.Where(head => head.At < now - EvidenceDesk.Kept).ExecuteDeleteAsync(cancellationToken);
    }

    private async Task<T?> TryAsync<T>(Func<GuardDb, Task<T>> read, CancellationToken cancellationToken)
    {
        try
        {
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            var answer = await read(db);
            isAway = false;
            return answer;
        }
        catch (Exception exception) when (exception is DbException or DbUpdateException or TimeoutException or InvalidOperationException)
        {
            isAway = true;
            return default;
        }
    }
}
