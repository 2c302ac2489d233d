using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Releases.Comparing;

/// <summary>What all servers counted, in the database. Each server writes whole sums of its own, so that writing twice changes nothing.</summary>
internal sealed class ReleaseMinutes(IDbContextFactory<GuardDb> databases, ReleaseTally tally, TimeProvider clock)
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
                   (feature, release, minute, server, answers, missed, fallbacks, errors, unusable, busy, refusals, paced, slow)
                 VALUES ({key.Feature}, {key.Release}, {key.Minute}, {server}, {counts.Answers}, {counts.Missed}, {counts.Fallbacks},
                   {counts.Errors}, {counts.Unusable}, {counts.Busy}, {counts.Refusals}, {counts.Paced}, {counts.Slow})
                 ON CONFLICT (feature, release, minute, server) DO UPDATE SET
                   answers = EXCLUDED.answers, missed = EXCLUDED.missed, fallbacks = EXCLUDED.fallbacks, errors = EXCLUDED.errors,
                   unusable = EXCLUDED.unusable, busy = EXCLUDED.busy, refusals = EXCLUDED.refusals, paced = EXCLUDED.paced, slow = EXCLUDED.slow
                 """, cancellationToken);
        }

        tally.Written(rows);
    }

    /// <summary>What all servers counted of two releases since they have their shares; on later days, since that day of theirs began.</summary>
    public async Task<IReadOnlyList<ComparedMinute>> ReadAsync(string feature, ReleasePair pair, CancellationToken cancellationToken)
    {
        var since = DayOf(pair);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var rows = await db.ReleaseMinutes.AsNoTracking()
            .Where(row => row.Feature == feature && row.Minute >= since && (row.Release == pair.New.Id || row.Release == pair.Old.Id))
            .ToListAsync(cancellationToken);
        return Compare(rows.Select(row => (new TallyKey(row.Feature, row.Release, row.Minute), row.Counts)), pair, since);
    }

    /// <summary>The same of what this server alone has counted.</summary>
    public IReadOnlyList<ComparedMinute> ReadOwn(string feature, ReleasePair pair) => Compare(tally.Recent(feature), pair, DayOf(pair));

    public async Task<int> ForgetAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.ReleaseMinutes.Where(row => row.Minute < before).ExecuteDeleteAsync(cancellationToken);
    }

    private DateTimeOffset DayOf(ReleasePair pair) => pair.Since.AddDays(Math.Max(0, Math.Floor((clock.GetUtcNow() - pair.Since).TotalDays)));

    private static IReadOnlyList<ComparedMinute> Compare(
        IEnumerable<(TallyKey Key, ReleaseCounts Counts)> rows, ReleasePair pair, DateTimeOffset since)
    {
        ReleaseCounts Of(IEnumerable<(TallyKey Key, ReleaseCounts Counts)> minute, Release release) =>
            minute.Where(row => row.Key.Release == release.Id).Aggregate(ReleaseCounts.None, (sum, row) => sum + row.Counts);
        return [.. rows.Where(row => row.Key.Minute >= since && pair.Holds(row.Key.Minute)).GroupBy(row => row.Key.Minute)
            .Select(minute => new ComparedMinute(minute.Key, Of(minute, pair.New), Of(minute, pair.Old))).OrderBy(minute => minute.Minute)];
    }
}
