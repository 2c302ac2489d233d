using Polly;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Llm.Endpoints;

/// <summary>The breaker as a Polly strategy. An open breaker answers with a value; nothing is thrown.</summary>
internal sealed class BreakerStrategy(EndpointBreaker breaker) : ResilienceStrategy<Attempt>
{
    protected override async ValueTask<Outcome<Attempt>> ExecuteCore<TState>(
        Func<ResilienceContext, TState, ValueTask<Outcome<Attempt>>> callback, ResilienceContext context, TState state)
    {
        if (!breaker.Admits())
        {
            return Outcome.FromResult(Attempt.NotMade(Reasons.BreakerOpen));
        }

        var outcome = await callback(context, state);
        breaker.Report(outcome.Result?.Verdict ?? Verdict.Bad);
        return outcome;
    }
}

/// <summary>Polly wants options for every strategy; these have nothing to set.</summary>
internal sealed class BreakerStrategyOptions : ResilienceStrategyOptions
{
    public BreakerStrategyOptions() => Name = "breaker";
}
