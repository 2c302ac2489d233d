using System.Collections.Concurrent;

namespace ShopifyLlmGuard.Incidents.Answers;

/// <summary>Counts answers by the minute, in memory; <see cref="AnswerCountWriter"/> stores them. A count costs no allocation once its kind is known.</summary>
internal sealed class AnswerCounts(TimeProvider clock)
{
    private readonly ConcurrentDictionary<Kind, Tally> counts = new();

    public void Answered(string shop, string feature, string source, string? reason)
    {
        var minute = clock.GetUtcNow().UtcTicks / TimeSpan.TicksPerMinute;
        Interlocked.Increment(ref counts.GetOrAdd(new Kind(shop, minute, feature, source, reason ?? ""), static _ => new Tally()).Count);
    }

    /// <summary>What was counted since the last time.</summary>
    public IReadOnlyList<AnswerMinute> Take()
    {
        List<AnswerMinute> taken = [];
        foreach (var (kind, tally) in counts)
        {
            // Taken by number, not by removing: an answer that is counted just now must not be lost with its tally.
            if (Interlocked.Exchange(ref tally.Count, 0) is > 0 and var count)
            {
                taken.Add(kind.Of(count));
            }
            else if (kind.Minute < (clock.GetUtcNow().UtcTicks / TimeSpan.TicksPerMinute) - 1)
            {
                counts.TryRemove(kind, out _);
            }
        }

        return taken;
    }

    /// <summary>What could not be stored waits for the next time.</summary>
    public void PutBack(IEnumerable<AnswerMinute> taken)
    {
        foreach (var row in taken)
        {
            var kind = new Kind(row.Shop, row.Minute.UtcTicks / TimeSpan.TicksPerMinute, row.Feature, row.Source, row.Reason);
            Interlocked.Add(ref counts.GetOrAdd(kind, static _ => new Tally()).Count, row.Count);
        }
    }

    private readonly record struct Kind(string Shop, long Minute, string Feature, string Source, string Reason)
    {
        public AnswerMinute Of(long count) => new()
        {
            Shop = Shop, Minute = new DateTimeOffset(Minute * TimeSpan.TicksPerMinute, TimeSpan.Zero), Feature = Feature, Source = Source,
            Reason = Reason, Count = count,
        };
    }

    private sealed class Tally
    {
        public long Count;
    }
}
