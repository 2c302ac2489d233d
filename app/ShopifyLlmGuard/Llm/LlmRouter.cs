using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using Polly;
using Polly.Retry;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Llm;

/// <summary>Finds an endpoint for a call: first who may see the words at all, then who is likely to answer in time.</summary>
public sealed class LlmRouter
{
    private static readonly ResiliencePropertyKey<Route> RouteKey = new("route");
    private static readonly TimeSpan FailedFast = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMilliseconds(100);
    private readonly EndpointLanes lanes;
    private readonly Snapshots snapshots;
    private readonly HealthBoard health;
    private readonly Bulkhead bulkhead;
    private readonly AttemptLog log;
    private readonly RetryBudget retries;
    private readonly ResiliencePipeline<Attempt> pipeline;

    internal LlmRouter(
        EndpointLanes lanes, Snapshots snapshots, HealthBoard health, Bulkhead bulkhead, AttemptLog log,
        IOptions<LlmOptions> llm, TimeProvider clock)
    {
        (this.lanes, this.snapshots, this.health, this.bulkhead, this.log) = (lanes, snapshots, health, bulkhead, log);
        retries = new RetryBudget(llm.Value.RetryShare);
        pipeline = new ResiliencePipelineBuilder<Attempt> { Name = "llm", TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions<Attempt>
            {
                MaxRetryAttempts = 1,
                ShouldHandle = arguments => ValueTask.FromResult(ShouldRetry(arguments.Context, arguments.Outcome.Result)),
                DelayGenerator = arguments => ValueTask.FromResult<TimeSpan?>(RouteOf(arguments.Context).Backoff),
            })
            .Build();
    }

    /// <summary>A shop as a caller, with what its merchant allows now.</summary>
    public Caller Caller(string shop) => Llm.Caller.Of(snapshots.Current.Shop(shop));

    /// <summary>The shop's name, for a prompt.</summary>
    public string ShopName(string shop) => snapshots.Current.Shop(shop).Name;

    /// <summary>Asks a model. Always comes back with a value; the caller still races it against the budget.</summary>
    public async Task<Attempt> AskAsync(ModelCall call, Deadline deadline, CancellationToken cancellationToken = default)
    {
        var candidates = Candidates(call.Caller);
        if (candidates.Count == 0)
        {
            return Attempt.NotMade(Reasons.NoEligibleEndpoint);
        }

        using var place = await bulkhead.EnterAsync(call.Caller.Id, call.Feature, cancellationToken);
        if (place is null)
        {
            return Attempt.NotMade(cancellationToken.IsCancellationRequested ? Reasons.Cancelled : Reasons.BulkheadFull);
        }

        retries.Called();
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(RouteKey, new Route(call, deadline, candidates));
        var outcome = await pipeline.ExecuteOutcomeAsync(
            async (context, router) => Outcome.FromResult(await router.TryNextAsync(RouteOf(context), context.CancellationToken)), context, this);
        ResilienceContextPool.Shared.Return(context);
        return outcome.Result ?? Attempt.NotMade(cancellationToken.IsCancellationRequested ? Reasons.Cancelled : Reasons.InternalError);
    }

    /// <summary>
    /// Asks a model and passes its words on while it writes. Ends by the deadline with one of the last parts, whatever fails;
    /// only the caller's own cancellation throws.
    /// </summary>
    public async IAsyncEnumerable<AnswerPart> StreamAsync(
        ModelCall call, Deadline deadline, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var attempt = await AskAsync(call, deadline, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        if (attempt is not { Endpoint: { } endpoint, Text: { } text })
        {
            yield return new AnswerPart.Failed(attempt.Reason!, attempt);
            yield break;
        }

        yield return new AnswerPart.Began(endpoint.Id, endpoint.Region, endpoint.Jurisdiction, endpoint.Model);
        yield return new AnswerPart.Text(text);
        yield return new AnswerPart.Done(attempt);
    }

    // Residency is a hard filter before anything is ranked. All down can only be here when someone holds the mode live.
    private List<EndpointLane> Candidates(Caller caller)
    {
        var allowed = lanes.All.Where(lane => caller.Jurisdictions.Contains(lane.Endpoint.Jurisdiction, StringComparer.OrdinalIgnoreCase))
            .Select(lane => (lane, state: health.Read(lane.Endpoint).State)).ToList();
        var alive = allowed.Where(candidate => candidate.state != EndpointState.Down).ToList();
        return [.. (alive.Count > 0 ? alive : allowed).OrderBy(candidate => candidate.state).Select(candidate => candidate.lane)];
    }

    // The next one in turn whose breaker lets it through; an open breaker costs nothing and is not an attempt.
    private async Task<Attempt> TryNextAsync(Route route, CancellationToken cancellationToken)
    {
        var refused = Attempt.NotMade(Reasons.BreakerOpen);
        for (var tried = 0; tried < route.Candidates.Count; tried++)
        {
            var lane = route.Candidates[route.Next++ % route.Candidates.Count];
            var attempt = await lane.AskAsync(route.Call, route.Deadline, cancellationToken);
            if (attempt.Endpoint is not null)
            {
                log.Attempted(route.Call, attempt);
                return attempt;
            }
        }

        return refused;
    }

    private bool ShouldRetry(ResilienceContext context, Attempt? attempt)
    {
        if (attempt is not { MayRetry: true } || attempt.Duration > FailedFast || context.CancellationToken.IsCancellationRequested)
        {
            return false;
        }

        var route = RouteOf(context);
        var next = route.Candidates[route.Next % route.Candidates.Count];
        var isSame = next.Endpoint == attempt.Endpoint;
        route.Backoff = isSame && attempt.RetryAfter is { } asked ? asked : LongestBackoff * Random.Shared.NextDouble();
        if (route.Backoff + next.Traffic.Median() > route.Deadline.Remaining || !retries.TryTake())
        {
            return false;
        }

        log.Retried(route.Call, attempt);
        return true;
    }

    private static Route RouteOf(ResilienceContext context) => context.Properties.GetValue(RouteKey, null!);

    private sealed class Route(ModelCall call, Deadline deadline, IReadOnlyList<EndpointLane> candidates)
    {
        public ModelCall Call => call;
        public Deadline Deadline => deadline;
        public IReadOnlyList<EndpointLane> Candidates => candidates;
        public int Next { get; set; }
        public TimeSpan Backoff { get; set; }
    }
}
