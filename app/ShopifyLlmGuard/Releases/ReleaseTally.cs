using ShopifyLlmGuard.Chat;

namespace ShopifyLlmGuard.Releases;

/// <summary>Which release, and in which minute.</summary>
internal readonly record struct TallyKey(string Feature, string Release, DateTimeOffset Minute);

/// <summary>Counts this server's answers by release and minute, in memory. What is not written yet waits here, as long as it is recent.</summary>
internal sealed class ReleaseTally(TimeProvider clock)
{
    private const int EnoughPaces = 20;
    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);
    private readonly Lock gate = new();
    private readonly Dictionary<TallyKey, ReleaseCounts> counts = [];
    private readonly HashSet<TallyKey> changed = [];
    private readonly Dictionary<string, (long Count, double Mean)> paces = [];

    /// <summary>Counts one answer.</summary>
    /// <param name="answer">As the shopper got it.</param>
    /// <param name="baseline">The release whose speed is the usual one.</param>
    /// <param name="slowFactor">From which multiple of it on tokens are slow.</param>
    public void Count(Answer answer, string baseline, double slowFactor)
    {
        lock (gate)
        {
            if (ReleaseCounts.Of(answer, IsSlow(answer, baseline, slowFactor)) is not { } one)
            {
                return;
            }

            var now = clock.GetUtcNow();
            var key = new TallyKey(answer.Feature, answer.Release!, now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMinute)));
            if (counts.TryAdd(key, one))
            {
                Forget(now - Kept);
            }
            else
            {
                counts[key] += one;
            }

            changed.Add(key);
        }
    }

    /// <summary>Sums that have grown since they were last written.</summary>
    public IReadOnlyList<(TallyKey Key, ReleaseCounts Counts)> Changed()
    {
        lock (gate)
        {
            return [.. changed.Select(key => (key, counts[key]))];
        }
    }

    /// <summary>These are stored; what was counted meanwhile still waits.</summary>
    public void Written(IEnumerable<(TallyKey Key, ReleaseCounts Counts)> written)
    {
        lock (gate)
        {
            changed.ExceptWith(written.Where(row => counts.GetValueOrDefault(row.Key) is null || counts[row.Key] == row.Counts).Select(row => row.Key));
        }
    }

    /// <summary>What this server counted by itself, for the time without a database.</summary>
    public IReadOnlyList<(TallyKey Key, ReleaseCounts Counts)> Recent(string feature)
    {
        lock (gate)
        {
            return [.. counts.Where(row => row.Key.Feature == feature).Select(row => (row.Key, row.Value))];
        }
    }

    private bool? IsSlow(Answer answer, string baseline, double slowFactor)
    {
        if (answer.TokenPace is not { } pace || answer.Release is null)
        {
            return null;
        }

        var (count, mean) = paces.GetValueOrDefault(answer.Release);
        paces[answer.Release] = (count + 1, mean + ((pace.TotalMilliseconds - mean) / Math.Min(count + 1, 200)));
        return paces.GetValueOrDefault(baseline) is { Count: >= EnoughPaces } usual ? pace.TotalMilliseconds > slowFactor * usual.Mean : null;
    }

    private void Forget(DateTimeOffset before)
    {
        foreach (var old in counts.Keys.Where(key => key.Minute < before).ToList())
        {
            counts.Remove(old);
            changed.Remove(old);
        }
    }
}
