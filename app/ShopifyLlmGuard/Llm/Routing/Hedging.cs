using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Llm.Residency;

namespace ShopifyLlmGuard.Llm.Routing;

/// <summary>When a second endpoint is asked beside a silent first one, and which. Pure.</summary>
internal static class Hedging
{
    private const int Enough = 20;
    private const double Late = 0.95;
    private static readonly TimeSpan Soonest = TimeSpan.FromMilliseconds(50);

    /// <summary>When a first token is later than in 95 of 100 answers; half the limit while too little is known.</summary>
    /// <param name="firstTokens">Of every endpoint that may be asked, the shortest first.</param>
    /// <param name="limit">The longest that a first token may take.</param>
    public static TimeSpan After(IReadOnlyList<TimeSpan[]> firstTokens, TimeSpan limit)
    {
        var count = firstTokens.Sum(ofOne => ofOne.Length);
        var late = count < Enough ? limit / 2 : Longest(firstTokens, count - (int)(Late * (count - 1)));
        return late < Soonest ? Soonest : late;
    }

    /// <summary>Who may be asked beside an endpoint: on another device, rather in another region, idle enough and in time; null for nobody.</summary>
    public static EligibleEndpoint? Partner(EligibleEndpoint beside, IEnumerable<EligibleEndpoint> waiting, TimeSpan remaining) => waiting
        .Where(here => !string.Equals(here.Endpoint.Machine, beside.Endpoint.Machine, StringComparison.OrdinalIgnoreCase)
            && here.Lane.Breaker.State == BreakerState.Closed && !here.Lane.Traffic.IsLeftAlone
            && here.Lane.Running * 2 < here.Endpoint.Concurrency
            && here.Lane.Traffic.Usual() <= remaining)
        .OrderBy(here => string.Equals(here.Endpoint.Region, beside.Endpoint.Region, StringComparison.OrdinalIgnoreCase))
        .FirstOrDefault();

    // Every call asks this, and only few of the values are late: they are taken off the ends, and nothing is sorted.
    private static TimeSpan Longest(IReadOnlyList<TimeSpan[]> sorted, int rank)
    {
        Span<int> left = stackalloc int[sorted.Count];
        for (var one = 0; one < left.Length; one++)
        {
            left[one] = sorted[one].Length;
        }

        for (var longest = TimeSpan.Zero; ; rank--)
        {
            if (rank == 0)
            {
                return longest;
            }

            var from = -1;
            for (var one = 0; one < left.Length; one++)
            {
                from = left[one] > 0 && (from < 0 || sorted[one][left[one] - 1] > sorted[from][left[from] - 1]) ? one : from;
            }

            longest = sorted[from][--left[from]];
        }
    }
}
