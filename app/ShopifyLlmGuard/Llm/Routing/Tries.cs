using Microsoft.Extensions.Options;
using Polly;
using Polly.Hedging;
using Polly.Retry;
using ShopifyLlmGuard.Llm.Residency;
using ShopifyLlmGuard.Llm.Wire;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Llm.Routing;

/// <summary>How a call is tried: once, and once more after a failure or beside a silent endpoint, but never both.</summary>
internal sealed class Tries
{
    private static readonly ResiliencePropertyKey<Route> RouteKey = new("route");
    private static readonly TimeSpan FailedFast = TimeSpan.FromMilliseconds(500);

    // In less than this nobody answers: the request would only be a burden to its host.
    private static readonly TimeSpan LeastTime = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMilliseconds(100);
    private readonly AttemptLog log;
    private readonly CallShare retries;
    private readonly CallShare hedges;
    private readonly ResiliencePipeline<Attempt> alone;
    private readonly ResiliencePipeline<Attempt> amongOthers;

    public Tries(AttemptLog log, IOptions<LlmOptions> llm, TimeProvider clock)
    {
        this.log = log;
        retries = new CallShare(llm.Value.RetryShare, most: 5);
        hedges = new CallShare(llm.Value.HedgeShare, most: 1);
        alone = new ResiliencePipelineBuilder<Attempt> { Name = "llm", TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions<Attempt>
            {
                MaxRetryAttempts = 1,
                ShouldHandle = arguments => ValueTask.FromResult(ShouldRetry(RouteOf(arguments.Context), arguments.Outcome.Result)),
                DelayGenerator = arguments => ValueTask.FromResult<TimeSpan?>(RouteOf(arguments.Context).Backoff),
            })
            .Build();
        amongOthers = new ResiliencePipelineBuilder<Attempt> { Name = "llm", TimeProvider = clock }
            .AddPipeline(alone)
            .AddHedging(new HedgingStrategyOptions<Attempt>
            {
                MaxHedgedAttempts = 1,
                ShouldHandle = arguments => ValueTask.FromResult(IsNotTheEnd(RouteOf(arguments.Context), arguments.Outcome.Result)),
                DelayGenerator = arguments => ValueTask.FromResult(RouteOf(arguments.Context).HedgeAfter),
                ActionGenerator = arguments => Hedge(RouteOf(arguments.PrimaryContext)),
            })
            .Build();
    }

    /// <summary>Asks until there is an answer or nothing more to try. Comes back by the deadline.</summary>
    public async Task<Attempt> RunAsync(Route route)
    {
        retries.Called();
        hedges.Called();
        if (route.Call.BrokeOffAt is not null && !retries.TryTake())
        {
            return Attempt.NotMade(Reasons.IncompleteAnswer);
        }

        var context = ResilienceContextPool.Shared.Get(route.Left);
        context.Properties.Set(RouteKey, route);
        // One that is alone can be hedged with nobody.
        var outcome = await (route.Waiting.Count > 1 ? amongOthers : alone).ExecuteOutcomeAsync(
            static async (context, tries) => Outcome.FromResult(await tries.NextAsync(RouteOf(context))), context, this);
        ResilienceContextPool.Shared.Return(context);
        Overhead.Waited();
        outcome.ThrowIfException();
        return outcome.Result!;
    }

    private static Route RouteOf(ResilienceContext context) => context.Properties.GetValue(RouteKey, null!);

    // The next one in turn whose breaker lets it through; an open breaker costs nothing and is not an attempt.
    private async Task<Attempt> NextAsync(Route route)
    {
        if (route.Deadline.Remaining < LeastTime)
        {
            log.NotSent(route.Call, Reasons.Timeout, route.Deadline);
            log.Unsent(route.Call, Reasons.Timeout, route.Basis);
            return Attempt.NotMade(Reasons.Timeout);
        }

        var refused = Attempt.NotMade(Reasons.NoEligibleEndpoint);
        while (route.TakeNext() is { } here)
        {
            var attempt = await AskAsync(route, here, route.IsRetried ? Try.Retry : Try.First);
            if (attempt.Endpoint is not null)
            {
                route.FirstHasEnded = true;
                return attempt;
            }

            log.NotSent(route.Call, attempt.Reason!, route.Deadline);
            refused = refused.Reason == Reasons.EndpointBusy || attempt.Reason == Reasons.NoEligibleEndpoint ? refused : attempt;
        }

        log.Unsent(route.Call, refused.Reason!, route.Basis);
        return refused;
    }

    // Polly answers when every try has ended. One that has lost to another is watched on, for its breaker, but nobody waits for it.
    private async Task<Attempt> AskAsync(Route route, EligibleEndpoint here, Try kind)
    {
        log.Reached(route.Call, kind.ToString().ToLowerInvariant(), route.Deadline);
        var draft = route.NewDraft(here);
        var asking = AskToTheEndAsync(route, here, draft, kind);
        if (!route.MayBeHedged || await Task.WhenAny(asking, draft.Lost) == asking)
        {
            return await asking;
        }

        Race.Forget(WatchAsync(route, asking));
        return new Attempt { Endpoint = here.Endpoint, Reason = Reasons.Outrun };
    }

    // Nobody awaits it, and a bug on its way must be told all the same.
    private async Task WatchAsync(Route route, Task<Attempt> asking)
    {
        try
        {
            await asking;
        }
        catch (Exception unforeseen)
        {
            log.Broke(route.Call, unforeseen);
        }
    }

    private async Task<Attempt> AskToTheEndAsync(Route route, EligibleEndpoint here, Draft draft, Try kind)
    {
        Attempt attempt;
        using (Overhead.Waiting())
        {
            attempt = await here.Lane.AskAsync(here, draft, route.Deadline, route.Left);
        }

        if (attempt.Endpoint is not null)
        {
            log.Attempted(route.Call, attempt, kind, route.Basis);
        }
        else if (attempt.Reason == Reasons.NoEligibleEndpoint)
        {
            log.Unsent(route.Call, Reasons.NoEligibleEndpoint, $"{route.Basis}; {here.Endpoint.Id} no longer");
        }

        return attempt;
    }

    private bool ShouldRetry(Route route, Attempt? attempt)
    {
        if (attempt is not { Endpoint: not null } || attempt.Retry == Retry.Never || route.HasBegun || route.IsHedged || route.Left.IsCancellationRequested)
        {
            return false;
        }

        var next = route.Waiting.FirstOrDefault(here => here.Lane.MayBeAsked && !here.Lane.Traffic.IsLeftAlone);
        var isSame = next is null;
        if (isSame && (attempt.Retry != Retry.Anywhere || attempt.Duration > FailedFast))
        {
            return false;
        }

        next ??= route.First!;
        route.Backoff = !isSame ? TimeSpan.Zero : attempt.RetryAfter ?? (LongestBackoff * Random.Shared.NextDouble());
        // Who says at once that it is busy has done no work: going elsewhere then burdens nobody twice.
        var isFree = !isSame && attempt.Reason == Reasons.EndpointBusy && attempt.Duration <= FailedFast;
        if (route.Backoff + next.Lane.Traffic.Usual() > route.Deadline.Remaining || !(isFree || retries.TryTake()))
        {
            return false;
        }

        route.TryAgain(isSame);
        log.Retried(route.Call, attempt);
        return true;
    }

    // While one still runs, a failure of the other is not the end, not even a refusal of the words: the one that runs has taken
    // them. Nothing outlasts the one that is shown, and nothing ends it.
    private static bool IsNotTheEnd(Route route, Attempt? attempt) => attempt is { Reason: not null } &&
        (route.Winner is { } winner ? attempt.Endpoint != winner
            : attempt.Endpoint is null || attempt.Retry != Retry.Never || attempt.Reason == Reasons.Outrun
                || (route.IsHedged && attempt.Reason == Reasons.RequestRefused));

    private Func<ValueTask<Outcome<Attempt>>>? Hedge(Route route)
    {
        var beside = route.First;
        var isPointless = beside is null || route.FirstHasEnded || route.IsHedged || route.IsRetried || route.Winner is not null;
        var here = isPointless ? null : Hedging.Partner(beside!, route.Waiting, route.Deadline.Remaining);
        if (here is null || !hedges.TryTake() || !route.TryHedge(here))
        {
            route.HedgeAfter = Timeout.InfiniteTimeSpan;
            return null;
        }

        log.Hedged(route.Call);
        return async () => Outcome.FromResult(await AskAsync(route, here, Try.Hedge));
    }
}

/// <summary>Why an endpoint was asked.</summary>
internal enum Try
{
    First,
    Retry,
    Hedge,
}
