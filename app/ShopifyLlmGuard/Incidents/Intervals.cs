namespace ShopifyLlmGuard.Incidents;

/// <summary>A span of time; one without an end goes on.</summary>
public readonly record struct Interval(DateTimeOffset From, DateTimeOffset? Until);

/// <summary>Spans that overlap count once. Pure.</summary>
public static class Intervals
{
    /// <summary>The spans without overlaps, by time; open ones end now.</summary>
    public static IReadOnlyList<(DateTimeOffset From, DateTimeOffset Until)> Union(IEnumerable<Interval> intervals, DateTimeOffset now)
    {
        List<(DateTimeOffset From, DateTimeOffset Until)> union = [];
        foreach (var (from, until) in intervals.Select(each => (each.From, Until: each.Until ?? now)).Where(each => each.Until > each.From)
            .OrderBy(each => each.From))
        {
            if (union.Count > 0 && from <= union[^1].Until)
            {
                union[^1] = (union[^1].From, until > union[^1].Until ? until : union[^1].Until);
            }
            else
            {
                union.Add((from, until));
            }
        }

        return union;
    }

    public static TimeSpan Length(IEnumerable<Interval> intervals, DateTimeOffset now) =>
        Union(intervals, now).Aggregate(TimeSpan.Zero, (sum, each) => sum + (each.Until - each.From));
}
