using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Llm.Residency;
using ShopifyLlmGuard.Llm.Routing;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Llm;

/// <summary>Finds an endpoint for a call: first who may see the words at all, then who is likely to answer in time.</summary>
public sealed class LlmRouter
{
    private readonly EndpointLanes lanes;
    private readonly Snapshots snapshots;
    private readonly HealthBoard health;
    private readonly Bulkhead bulkhead;
    private readonly AttemptLog log;
    private readonly Tries tries;
    private readonly CommitPoint commit;
    private readonly TimeOptions times;
    private readonly TimeProvider clock;

    internal LlmRouter(
        EndpointLanes lanes, Snapshots snapshots, HealthBoard health, Bulkhead bulkhead, AttemptLog log, Tries tries,
        IOptions<LlmOptions> llm, IOptions<TimeOptions> times, TimeProvider clock)
    {
        (this.lanes, this.snapshots, this.health, this.bulkhead, this.log, this.tries) = (lanes, snapshots, health, bulkhead, log, tries);
        (this.times, this.clock) = (times.Value, clock);
        commit = new CommitPoint(llm.Value.CommitCharacters, times.Value.Commit);
    }

    /// <summary>A shop as a caller, with what its merchant allows now.</summary>
    public Caller Caller(string shop) => Llm.Caller.Of(snapshots.Current.Shop(shop));

    /// <summary>The shop's name, for a prompt.</summary>
    public string ShopName(string shop) => snapshots.Current.Shop(shop).Name;

    /// <summary>How much of a feature's room is taken, 0 to 1: from <see cref="BrownOut.Easy"/> on prompts and answers shrink.</summary>
    public double Load(string feature) => bulkhead.Load(feature);

    /// <summary>Asks a model. Always comes back with a value, by the deadline; the caller may still race it against its own.</summary>
    public Task<Attempt> AskAsync(ModelCall call, Deadline deadline, CancellationToken cancellationToken = default) =>
        RunAsync(call, deadline, null, cancellationToken);

    /// <summary>
    /// Asks a model and passes its words on while it writes. Ends by the deadline with one of the last parts, whatever fails;
    /// only the caller's own cancellation throws.
    /// </summary>
    public async IAsyncEnumerable<AnswerPart> StreamAsync(
        ModelCall call, Deadline deadline, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var parts = Channel.CreateUnbounded<AnswerPart>(new UnboundedChannelOptions { SingleReader = true });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = Task.Run(() => WriteAsync(call, deadline, parts.Writer, stop.Token), CancellationToken.None);
        var stream = new AnswerStream(call, parts.Reader, work, deadline);
        try
        {
            await foreach (var part in stream.ReadAsync(cancellationToken))
            {
                yield return part;
            }
        }
        finally
        {
            Race.Forget(work);
            await (work.IsCompleted ? Task.CompletedTask : stop.CancelAsync());
        }
    }

    private async Task<Attempt> WriteAsync(
        ModelCall call, Deadline deadline, ChannelWriter<AnswerPart> parts, CancellationToken cancellationToken)
    {
        try
        {
            return await RunAsync(call, deadline, parts, cancellationToken);
        }
        finally
        {
            parts.Complete();
        }
    }

    private async Task<Attempt> RunAsync(
        ModelCall call, Deadline deadline, ChannelWriter<AnswerPart>? listener, CancellationToken cancellationToken)
    {
        var shortened = call with
        {
            Sampling = call.Sampling with { MaxTokens = BrownOut.MaxTokens(call.Sampling.MaxTokens, bulkhead.Load(call.Feature)) },
        };
        var eligibility = EligibleEndpoint.Among(shortened, lanes.All, clock.GetUtcNow());
        if (eligibility.Eligible.Count == 0)
        {
            log.Refused(call, eligibility.Explain());
            return Attempt.NotMade(Reasons.NoEligibleEndpoint);
        }

        var queued = clock.GetTimestamp();
        using var place = await bulkhead.EnterAsync(call.Caller.Id, call.Feature, cancellationToken);
        log.Waited(call, clock.GetElapsedTime(queued));
        if (place is null)
        {
            var reason = cancellationToken.IsCancellationRequested ? Reasons.Cancelled : Reasons.BulkheadFull;
            log.NotSent(call, reason);
            return Attempt.NotMade(reason);
        }

        log.Reached(call, "place", deadline);
        var attempt = await tries.RunAsync(Plan(shortened, deadline, eligibility, listener, cancellationToken));
        log.Reached(call, "end", deadline);
        return attempt;
    }

    private Route Plan(
        ModelCall call, Deadline deadline, Eligibility eligibility, ChannelWriter<AnswerPart>? listener, CancellationToken cancellationToken)
    {
        var route = new Route(call, deadline, commit, listener, cancellationToken) { Basis = eligibility.Explain() };
        route.Plan(Spread.Order(
            eligibility.Eligible.Select(here => (here, health.Read(here.Endpoint).State, here.Lane.PredictedWait)), Random.Shared.NextDouble));
        var isSingle = route.Waiting.Select(here => here.Endpoint.Machine).Distinct(StringComparer.OrdinalIgnoreCase).Count() < 2;
        route.HedgeAfter = isSingle
            ? Timeout.InfiniteTimeSpan
            : Hedging.After(route.Waiting.SelectMany(here => here.Lane.Traffic.FirstTokens()), times.FirstToken);
        return route;
    }
}
