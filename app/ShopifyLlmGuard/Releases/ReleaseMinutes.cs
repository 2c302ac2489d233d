using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Releases;

/// <summary>What all servers counted, in the database. Each server writes whole sums of its own, so that writing twice changes nothing.</summary>
internal sealed class ReleaseMinutes(IDbContextFactory<GuardDb> databases, ReleaseTally tally)
{
    private readonly Guid server = Guid.NewGuid();

    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        var rows = tally.Changed();
        if (rows.Count == 0)
        {
            return;
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        foreach (var (key, counts) in rows)
        {
            await db.Database.ExecuteSqlAsync(
                $"""
                 INSERT INTO guard.release_minutes
                   (feature, release, minute, server, answers, missed, fallbacks, errors, refusals, paced, slow)
                 VALUES ({key.Feature}, {key.Release}, {key.Minute}, {server},
                   {counts.Answers}, {counts.Missed}, {counts.Fallbacks}, {counts.Errors}, {counts.Refusals}, {counts.Paced}, {counts.Slow})
                 ON CONFLICT (feature, release, minute, server) DO UPDATE SET
                   answers = EXCLUDED.answers, missed = EXCLUDED.missed, fallbacks = EXCLUDED.fallbacks, errors = EXCLUDED.errors,
                   refusals = EXCLUDED.refusals, paced = EXCLUDED.paced, slow = EXCLUDED.slow
                 """, cancellationToken);
        }

        tally.Written(rows);
    }

    /// <summary>The minutes of two releases since a moment.</summary>
    public async Task<IReadOnlyList<ComparedMinute>> ReadAsync(
        string feature, Release fresh, Release old, DateTimeOffset since, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var rows = await db.ReleaseMinutes.AsNoTracking()
            .Where(row => row.Feature == feature && row.Minute > since.AddMinutes(-1) && (row.Release == fresh.Id || row.Release == old.Id))
            .ToListAsync(cancellationToken);
        return Compare(rows.Select(row => (new TallyKey(row.Feature, row.Release, row.Minute), row.Counts)), fresh, old, since);
    }

    /// <summary>The same of what this server alone has counted.</summary>
    public IReadOnlyList<ComparedMinute> ReadOwn(string feature, Release fresh, Release old, DateTimeOffset since) =>
        Compare(tally.Recent(feature), fresh, old, since);

    public async Task<int> ForgetAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.ReleaseMinutes.Where(row => row.Minute < before).ExecuteDeleteAsync(cancellationToken);
    }

    private static IReadOnlyList<ComparedMinute> Compare(
        IEnumerable<(TallyKey Key, ReleaseCounts Counts)> rows, Release fresh, Release old, DateTimeOffset since)
    {
        ReleaseCounts Of(IEnumerable<(TallyKey Key, ReleaseCounts Counts)> minute, Release release) =>
            minute.Where(row => row.Key.Release == release.Id).Aggregate(ReleaseCounts.None, (sum, row) => sum + row.Counts);
        return [.. rows.Where(row => row.Key.Minute > since.AddMinutes(-1)).GroupBy(row => row.Key.Minute)
            .Select(minute => new ComparedMinute(minute.Key, Of(minute, fresh), Of(minute, old))).OrderBy(minute => minute.Minute)];
    }
}
