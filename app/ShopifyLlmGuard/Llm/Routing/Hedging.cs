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
    public static TimeSpan After(IEnumerable<TimeSpan> firstTokens, TimeSpan limit)
    {
        var known = firstTokens.Order().ToList();
        var late = known.Count < Enough ? limit / 2 : known[(int)(Late * (known.Count - 1))];
        return late < Soonest ? Soonest : late;
    }

    /// <summary>Who may be asked beside an endpoint: on another device, rather in another region, idle enough and in time; null for nobody.</summary>
    public static EligibleEndpoint? Partner(EligibleEndpoint beside, IEnumerable<EligibleEndpoint> waiting, TimeSpan remaining) => waiting
        .Where(here => !string.Equals(here.Endpoint.Machine, beside.Endpoint.Machine, StringComparison.OrdinalIgnoreCase)
            && here.Lane.Breaker.State == BreakerState.Closed
            && here.Lane.Running * 2 < here.Endpoint.Concurrency
            && here.Lane.Traffic.Usual() <= remaining)
        .OrderBy(here => string.Equals(here.Endpoint.Region, beside.Endpoint.Region, StringComparison.OrdinalIgnoreCase))
        .FirstOrDefault();
}
