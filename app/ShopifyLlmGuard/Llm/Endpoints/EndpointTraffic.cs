namespace ShopifyLlmGuard.Llm.Endpoints;

/// <summary>The last attempts at an endpoint: how long a usual answer takes, how soon it begins, whether too many fail, and whether it is busy.</summary>
internal sealed class EndpointTraffic(TimeProvider clock)
{
    private const int Kept = 128;
    private const int Usually = 15;
    public static readonly TimeSpan UsualGuess = TimeSpan.FromSeconds(1);

    // An endpoint that was slow some time ago deserves another try.
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(2);
    private readonly Lock gate = new();
    private readonly Queue<Seen> seen = new();
    private readonly Queue<TimeSpan> lastGood = new();
    private readonly BusyPause pause = new(clock);

    // Read by every call, so it is worked out when an attempt ends.
    private (TimeSpan Duration, long At)? usual;
    private volatile TimeSpan[] firstTokens = [];

    /// <summary>It has refused a call for being busy, a moment ago: others should be asked.</summary>
    public bool IsLeftAlone => pause.IsOn;

    public void Add(Attempt attempt)
    {
        pause.Report(attempt);
        if (attempt.Verdict == Verdict.None)
        {
            return;
        }

        lock (gate)
        {
            seen.Enqueue(new Seen(clock.GetTimestamp(), attempt.Verdict == Verdict.Good, attempt.FirstToken, attempt.Duration));
            firstTokens = Exchanged(seen.Count > Kept ? seen.Dequeue().FirstToken : null, attempt.FirstToken);
            usual = attempt.Verdict == Verdict.Good ? (MedianWith(attempt.Duration), clock.GetTimestamp()) : usual;
        }
    }

    /// <summary>How long a good answer usually takes; a guess while nothing is known.</summary>
    public TimeSpan Usual() => Known() ?? UsualGuess;

    /// <summary>How long a good answer usually takes: the median of the last ones; null while nothing is known.</summary>
    public TimeSpan? Known()
    {
        lock (gate)
        {
            return usual is { } known && clock.GetElapsedTime(known.At) < Forgotten ? known.Duration : null;
        }
    }

    /// <summary>Times to first token, the shortest first; a new array whenever one is added.</summary>
    public TimeSpan[] FirstTokens => firstTokens;

    /// <summary>The recent past in two numbers; null numbers when there were too few attempts to say.</summary>
    public (double? ErrorRatio, TimeSpan? SlowFirstToken) Recent(TimeSpan window, int enough)
    {
        lock (gate)
        {
            var recent = seen.Where(attempt => clock.GetElapsedTime(attempt.At) <= window).ToList();
            if (recent.Count < enough)
            {
                return (null, null);
            }

            var firsts = recent.Select(attempt => attempt.FirstToken).OfType<TimeSpan>().Order().ToList();
            return (
                (double)recent.Count(attempt => !attempt.Good) / recent.Count,
                firsts.Count == 0 ? null : firsts[(int)(0.95 * (firsts.Count - 1))]);
        }
    }

    /// <summary>How long ago the last attempt that ended like this did; null when none of the last ones has.</summary>
    public TimeSpan? Since(bool good)
    {
        lock (gate)
        {
            return seen.LastOrDefault(attempt => attempt.Good == good) is { } last ? clock.GetElapsedTime(last.At) : null;
        }
    }

    // Every call changes it by one, so it is never sorted anew.
    private TimeSpan[] Exchanged(TimeSpan? leaves, TimeSpan? comes)
    {
        var next = new TimeSpan[firstTokens.Length + (comes is null ? 0 : 1) - (leaves is null ? 0 : 1)];
        var at = 0;
        foreach (var time in firstTokens)
        {
            if (comes <= time)
            {
                (next[at++], comes) = (comes.Value, null);
            }

            if (leaves == time)
            {
                leaves = null;
                continue;
            }

            next[at++] = time;
        }

        if (comes is { } last)
        {
            next[at] = last;
        }

        return next;
    }

    private TimeSpan MedianWith(TimeSpan duration)
    {
        lastGood.Enqueue(duration);
        if (lastGood.Count > Usually)
        {
            lastGood.Dequeue();
        }

        TimeSpan[] sorted = [.. lastGood];
        Array.Sort(sorted);
        return sorted[sorted.Length / 2];
    }

    private sealed record Seen(long At, bool Good, TimeSpan? FirstToken, TimeSpan Duration);
}
