using ShopifyLlmGuard.Chat;

namespace ShopifyLlmGuard.Releases.Comparing;

/// <summary>Which release, and in which minute.</summary>
internal readonly record struct TallyKey(string Feature, string Release, DateTimeOffset Minute);

/// <summary>
/// Counts this server's answers by release and minute, in memory, where chance decided between two releases: only such answers can be
/// compared. What is not written yet waits here, as long as it is recent.
/// </summary>
internal sealed class ReleaseTally(TimeProvider clock)
{
    private const int EnoughPaces = 20;
    private static readonly TimeSpan Kept = TimeSpan.FromHours(25);
    private readonly Lock gate = new();
    private readonly Dictionary<TallyKey, ReleaseCounts> counts = [];
    private readonly HashSet<TallyKey> changed = [];
    private readonly CountedVisitors visitors = new();
    private readonly Dictionary<(string Feature, string Release), (long Count, double Mean)> paces = [];

    /// <summary>Counts one answer.</summary>
    /// <param name="answer">As the shopper got it.</param>
    /// <param name="pick">How its release came to answer.</param>
    /// <param name="slowFactor">From which multiple of the predecessor's usual time on tokens are slow.</param>
    public void Count(Answer answer, ReleasePick pick, double slowFactor)
    {
        lock (gate)
        {
            var isSlow = pick.Pair is { } pair ? IsSlow(answer, pair.Old, slowFactor) : null;
            Learn(answer);
            if (pick.Pair is not { } compared || ReleaseCounts.Of(answer, isSlow) is not { } one
                || !visitors.Takes(answer.Feature, compared.Since, pick.Visitor, clock.GetUtcNow()))
            {
                return;
            }

            var key = new TallyKey(answer.Feature, answer.Release!, compared.MinuteOf(clock.GetUtcNow()));
            if (counts.TryAdd(key, one))
            {
                Forget(clock.GetUtcNow() - Kept);
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

    // By what was known before this answer: what it is compared with must not depend on whose it is. One without a pace is not slow, it
    // is something else.
    private bool? IsSlow(Answer answer, Release old, double slowFactor) =>
        paces.GetValueOrDefault((answer.Feature, old.Id)) is { Count: >= EnoughPaces } usual
            ? answer.TokenPace?.TotalMilliseconds > slowFactor * usual.Mean : null;

    private void Learn(Answer answer)
    {
        if (answer.TokenPace is { } pace && answer.Release is not null)
        {
            var (count, mean) = paces.GetValueOrDefault((answer.Feature, answer.Release));
            paces[(answer.Feature, answer.Release)] = (count + 1, mean + ((pace.TotalMilliseconds - mean) / Math.Min(count + 1, 200)));
        }
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
