using System.Threading.Channels;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Llm.Residency;

namespace ShopifyLlmGuard.Llm.Routing;

/// <summary>Plans a call's way: first who may see the words at all, then who is likely to answer in time.</summary>
internal sealed class RoutePlanner(
    EndpointLanes lanes, HealthBoard health, IOptions<LlmOptions> llm, IOptions<TimeOptions> times, TimeProvider clock)
{
    private readonly CommitPoint commit = new(llm.Value.CommitCharacters, times.Value.Commit);

    public Eligibility Eligible(ModelCall call) => EligibleEndpoint.Among(call, lanes.All, clock.GetUtcNow())
        .Without(endpoint => health.IsHeld(endpoint.Region, call.Caller.Id, call.Feature));

    /// <param name="call">The call.</param>
    /// <param name="eligibility">What the policy made of it.</param>
    /// <param name="deadline">By when.</param>
    /// <param name="listener">Hears the words as they come; null when the whole answer is wanted.</param>
    /// <param name="left">The caller has left.</param>
    public Route Plan(
        ModelCall call, Eligibility eligibility, Deadline deadline, ChannelWriter<AnswerPart>? listener, CancellationToken left)
    {
        var route = new Route(call, deadline, commit, listener, left) { Basis = eligibility.Explain() };
        route.Plan(eligibility.Eligible is [var only] ? [only] : InOrder(call, eligibility.Eligible));
        route.HedgeAfter = HasPartners(route)
            ? Hedging.After([.. route.Waiting.Select(here => here.Lane.Traffic.FirstTokens)], times.Value.FirstToken)
            : Timeout.InfiniteTimeSpan;
        return route;
    }

    private IEnumerable<EligibleEndpoint> InOrder(ModelCall call, IReadOnlyList<EligibleEndpoint> eligible)
    {
        // One that is new or back is taken to be as fast as the fastest, or nobody would ever find out.
        var guess = eligible.Min(here => here.Lane.Traffic.Known()) ?? EndpointTraffic.UsualGuess;
        var order = Spread.Order(
            eligible.Select(here => (here, health.Read(here.Endpoint).State, here.Lane.PredictedWait(guess))),
            Random.Shared.NextDouble);

        // Probes find out whether a broken one is back; a shopper's call is risked on it only when there is no other.
        return order.OrderBy(here => here.Lane.Breaker.State != BreakerState.Closed).ThenBy(here => here.Lane.Traffic.IsLeftAlone)
            .ThenBy(here => here.Endpoint.Id == call.BrokeOffAt);
    }

    private static bool HasPartners(Route route) => route.Waiting.Count > 1 &&
        route.Waiting.Select(here => here.Endpoint.Machine).Distinct(StringComparer.OrdinalIgnoreCase).Skip(1).Any();
}
