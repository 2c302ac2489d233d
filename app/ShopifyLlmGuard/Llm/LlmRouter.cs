using System.Runtime.CompilerServices;
using System.Threading.Channels;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Llm.Routing;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Llm;

/// <summary>Finds an endpoint for a call: first who may see the words at all, then who is likely to answer in time.</summary>
public sealed class LlmRouter
{
    private readonly RoutePlanner planner;
    private readonly Tries tries;
    private readonly Bulkhead bulkhead;
    private readonly AttemptLog log;
    private readonly Snapshots snapshots;

    internal LlmRouter(RoutePlanner planner, Tries tries, Bulkhead bulkhead, AttemptLog log, Snapshots snapshots) =>
        (this.planner, this.tries, this.bulkhead, this.log, this.snapshots) = (planner, tries, bulkhead, log, snapshots);

    /// <summary>A shop as a caller, with what its merchant allows now.</summary>
    public Caller Caller(string shop) => Llm.Caller.Of(snapshots.Current.Shop(shop));

    /// <summary>The shop's name, for a prompt.</summary>
    public string ShopName(string shop) => snapshots.Current.Shop(shop).Name;

    /// <summary>How much of a feature's room is taken, 0 to 1: from <see cref="BrownOut.Easy"/> on prompts and answers shrink.</summary>
    public double Load(string feature) => bulkhead.Load(feature);

    /// <summary>Asks a model. Always comes back with a value, by the deadline: a timer of its own races whatever happens below.</summary>
    public async Task<Attempt> AskAsync(ModelCall call, Deadline deadline, CancellationToken cancellationToken = default)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = Task.Run(() => RunAsync(call, deadline, null, stop.Token), CancellationToken.None);
        if (await Race.EndsAsync(work, deadline.Remaining + Race.Courtesy, deadline.Clock, cancellationToken))
        {
            stop.Dispose();
            return await work;
        }

        Race.Abandon(work, stop, deadline.Clock);
        return Attempt.NotMade(cancellationToken.IsCancellationRequested ? Reasons.Cancelled : Reasons.Timeout);
    }

    /// <summary>
    /// Asks a model and passes its words on while it writes. Ends by the deadline with one of the last parts, whatever fails;
    /// only the caller's own cancellation throws.
    /// </summary>
    public async IAsyncEnumerable<AnswerPart> StreamAsync(
        ModelCall call, Deadline deadline, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var parts = Channel.CreateUnbounded<AnswerPart>(new UnboundedChannelOptions { SingleReader = true });
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
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
            await LeaveAsync(work, stop, deadline);
        }
    }

    // A caller that stops reading has left; one that heard the last part, or heard it at the deadline, has not.
    private static async Task LeaveAsync(Task work, CancellationTokenSource stop, Deadline deadline)
    {
        if (work.IsCompleted)
        {
            stop.Dispose();
            return;
        }

        await (deadline.Remaining == TimeSpan.Zero ? Task.CompletedTask : stop.CancelAsync());
        Race.Abandon(work, stop, deadline.Clock);
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

    // The one place where a bug below becomes a value, and is told.
    private async Task<Attempt> RunAsync(
        ModelCall call, Deadline deadline, ChannelWriter<AnswerPart>? listener, CancellationToken cancellationToken)
    {
        try
        {
            return await RouteAsync(call, deadline, listener, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Attempt.NotMade(Reasons.Cancelled);
        }
        catch (Exception unforeseen)
        {
            log.Broke(call, unforeseen);
            return Attempt.NotMade(Reasons.InternalError);
        }
    }

    private async Task<Attempt> RouteAsync(
        ModelCall call, Deadline deadline, ChannelWriter<AnswerPart>? listener, CancellationToken cancellationToken)
    {
        var shortened = call with
        {
            Sampling = call.Sampling with { MaxTokens = BrownOut.MaxTokens(call.Sampling.MaxTokens, bulkhead.Load(call.Feature)) },
        };
        var eligibility = planner.Eligible(shortened);
        if (eligibility.Eligible.Count == 0)
        {
            log.Refused(call, eligibility, deadline);
            return Attempt.NotMade(Reasons.NoEligibleEndpoint);
        }

        var queued = deadline.Clock.GetTimestamp();
        using var place = await bulkhead.EnterAsync(call.Caller.Id, call.Feature, cancellationToken);
        log.Waited(call, deadline.Clock.GetElapsedTime(queued));
        if (place is null)
        {
            var reason = cancellationToken.IsCancellationRequested ? Reasons.Cancelled : Reasons.BulkheadFull;
            log.NotSent(call, reason, deadline);
            log.Unsent(call, reason, eligibility.Explain());
            return Attempt.NotMade(reason);
        }

        log.Reached(call, "place", deadline);
        var attempt = await tries.RunAsync(planner.Plan(shortened, eligibility, deadline, listener, cancellationToken));
        log.Reached(call, "end", deadline);
        return attempt;
    }
}
