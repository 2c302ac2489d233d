using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Health;

/// <summary>
/// The last probes of every endpoint, in memory: this server's own, and those that others have stored. A look never waits for the
/// database; what it found is stored behind it, as a time series that ends after some days.
/// </summary>
internal sealed class ProbeHistory(IDbContextFactory<GuardDb> databases, IOptions<HealthOptions> options, TimeProvider clock)
{
    private const int MostUnstored = 1000;
    private const int MostAtOnce = 5000;
    private static readonly TimeSpan TidyEvery = TimeSpan.FromMinutes(30), TidyAgainAfter = TimeSpan.FromMinutes(1);
    private readonly Lock gate = new();
    private readonly List<ProbeResult> recent = [];
    private readonly List<ProbeResult> unstored = [];
    private readonly Dictionary<string, DateTimeOffset> storedAt = [];
    private DateTimeOffset tidyAt;
    private volatile bool isAway;

    /// <summary>Whether the database did not answer last time.</summary>
    public bool IsAway => isAway;

    /// <summary>Whether there is anything to store.</summary>
    public bool HasNews
    {
        get
        {
            lock (gate)
            {
                return unstored.Count > 0;
            }
        }
    }

    private int Needed => Math.Max(options.Value.FailuresToDown, options.Value.GoodToUp);

    // Older probes say nothing about now, for instance after nobody looked for a while.
    private DateTimeOffset Oldest => clock.GetUtcNow() - (options.Value.Every * ((2 * Needed) + 2));

    /// <summary>Remembers a probe, and keeps it for the database unless it only repeats what is known.</summary>
    public void Add(ProbeResult probe)
    {
        lock (gate)
        {
            var repeats = Newest(probe.Endpoint).TakeWhile(before => before.Finding == probe.Finding && before.Stage == probe.Stage).Count();
            recent.RemoveAll(before => before.At < Oldest);
            recent.Add(probe);
            if (probe.Good || repeats < Needed || probe.At - storedAt.GetValueOrDefault(probe.Endpoint) >= options.Value.Every)
            {
                storedAt[probe.Endpoint] = probe.At;
                unstored.Add(probe);
                unstored.RemoveRange(0, Math.Max(0, unstored.Count - MostUnstored));
            }
        }
    }

    /// <summary>The recent probes of an endpoint, newest first.</summary>
    public IReadOnlyList<ProbeResult> Recent(string endpoint)
    {
        lock (gate)
        {
            return [.. Newest(endpoint).Where(probe => probe.At >= Oldest)];
        }
    }

    /// <summary>Learns what other servers have stored about these endpoints.</summary>
    public async Task ReadAsync(IReadOnlyList<string> endpoints, CancellationToken cancellationToken)
    {
        var oldest = Oldest;
        var shared = await TryAsync(
            db => db.ProbeResults.AsNoTracking().Where(probe => endpoints.Contains(probe.Endpoint) && probe.At >= oldest).ToListAsync(cancellationToken),
            cancellationToken);
        if (shared is not null)
        {
            lock (gate)
            {
                // What this server saw and did not store, or stored just now, stays.
                var known = shared.Select(probe => probe.Id).ToHashSet();
                var own = recent.Where(probe => !endpoints.Contains(probe.Endpoint) || !known.Contains(probe.Id)).ToList();
                recent.Clear();
                recent.AddRange(own.Concat(shared));
            }
        }
    }

    /// <summary>Stores what is new. What cannot be stored now waits.</summary>
    public async Task StoreAsync(CancellationToken cancellationToken)
    {
        List<ProbeResult> news;
        lock (gate)
        {
            news = [.. unstored];
        }

        var isStored = await TryAsync(async db =>
        {
            db.ProbeResults.AddRange(news);
            await db.SaveChangesAsync(cancellationToken);
            return news;
        }, cancellationToken);
        if (isStored is not null)
        {
            // Before anything else can fail: what is stored must not be stored again.
            lock (gate)
            {
                unstored.RemoveAll(news.Contains);
            }

            await TidyAsync(cancellationToken);
        }
    }

    // The list is in order but for what two servers stored at the same time.
    private IEnumerable<ProbeResult> Newest(string endpoint) =>
        recent.Where(probe => probe.Endpoint == endpoint).OrderByDescending(probe => probe.At).ThenByDescending(probe => probe.Id);

    // In portions, so that no delete holds anything up, however much there is. One that fails says nothing about the database: it has
    // just stored something, and goes on being told what is found.
    private async Task TidyAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (now < tidyAt)
        {
            return;
        }

        try
        {
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            var deleted = await db.ProbeResults.Where(probe => probe.At < now - options.Value.Keep)
                .OrderBy(probe => probe.Id).Take(MostAtOnce).ExecuteDeleteAsync(cancellationToken);
            tidyAt = deleted == MostAtOnce ? now : now + TidyEvery;
        }
        catch (Exception exception) when (IsTrouble(exception))
        {
            tidyAt = now + TidyAgainAfter;
        }
    }

    private async Task<T?> TryAsync<T>(Func<GuardDb, Task<T>> read, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            var answer = await read(db);
            isAway = false;
            return answer;
        }
        catch (Exception exception) when (IsTrouble(exception))
        {
            isAway = true;
            return null;
        }
    }

    private static bool IsTrouble(Exception exception) =>
        exception is DbException or DbUpdateException or TimeoutException or InvalidOperationException;
}
