using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Privacy;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Gateway;

/// <summary>Answers in-house callers: their own prompt, but the shoppers' router, redaction, switches and promise.</summary>
public sealed partial class InHouseAssistant
{
    /// <summary>Names these calls in records, shares and pins; it is no feature that a merchant could switch.</summary>
    public const string Feature = "gateway";

    /// <summary>There was no answer: in-house callers have their own fallback, or none.</summary>
    private const string NoSource = "none";

    // Less is not worth another endpoint's work.
    private static readonly TimeSpan LeastToResume = TimeSpan.FromMilliseconds(500);
    private readonly LlmRouter router;
    private readonly Snapshots snapshots;
    private readonly Bypass bypass;
    private readonly TimeOptions times;
    private readonly GuardMeter meter;
    private readonly ILogger<InHouseAssistant> logger;

    internal InHouseAssistant(
        LlmRouter router, Snapshots snapshots, Bypass bypass, IOptions<TimeOptions> times, GuardMeter meter, ILogger<InHouseAssistant> logger) =>
        (this.router, this.snapshots, this.bypass, this.times, this.meter, this.logger) = (router, snapshots, bypass, times.Value, meter, logger);

    /// <summary>The whole answer, or why there is none, by the deadline. Does not throw.</summary>
    public async Task<Attempt> AskAsync(InHouseCall call, Deadline deadline, CancellationToken cancellationToken = default)
    {
        var redactor = new Redactor();
        var attempt = Closed(call, deadline) is { } reason
            ? Attempt.NotMade(reason)
            : await AskRouterAsync(ForRouter(call, redactor), deadline, cancellationToken);
        Tell(attempt.Reason, deadline);
        return attempt with
        {
            Text = attempt.Text is null ? null : redactor.Restore(attempt.Text),
            CutText = attempt.CutText is null ? null : redactor.Restore(attempt.CutText),
        };
    }

    /// <summary>
    /// The answer in parts, ended by one of the last ones by the deadline. Does not throw. One that breaks off is taken up where
    /// it ended, at temperature 0, if another endpoint's answer begins with exactly what was sent: then a second <see cref="AnswerPart.Began"/> says whose.
    /// </summary>
    public async IAsyncEnumerable<AnswerPart> StreamAsync(
        InHouseCall call, Deadline deadline, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (Closed(call, deadline) is { } reason)
        {
            Tell(reason, deadline);
            yield return new AnswerPart.Failed(reason, Attempt.NotMade(reason));
            yield break;
        }

        var restored = new RestoredStream();
        await foreach (var part in WholeAsync(ForRouter(call, restored.Redactor), deadline, cancellationToken))
        {
            foreach (var ready in restored.Take(part))
            {
                yield return ready;
            }

            if (part is not (AnswerPart.Began or AnswerPart.Text))
            {
                Tell((part as AnswerPart.Failed)?.Reason ?? (part as AnswerPart.Incomplete)?.Reason, deadline);
            }
        }
    }

    private async IAsyncEnumerable<AnswerPart> WholeAsync(
        ModelCall call, Deadline deadline, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var sent = new StringBuilder();
        var parts = router.StreamAsync(call, deadline.Earlier(times.Reserve), cancellationToken).GetAsyncEnumerator(CancellationToken.None);
        var next = Task.FromResult(false);
        try
        {
            AnswerPart part;
            do
            {
                next = parts.MoveNextAsync().AsTask();
                part = await NextAsync(next, parts, deadline, sent.Length > 0, cancellationToken);
                sent.Append((part as AnswerPart.Text)?.Value);
                if (await ResumedAsync(part, call, sent.ToString(), deadline, cancellationToken) is { Endpoint: { } other } attempt)
                {
                    yield return new AnswerPart.Began(other.Id, other.Region, other.Jurisdiction, other.Model);
                    yield return new AnswerPart.Text(attempt.Text![sent.Length..]);
                    part = new AnswerPart.Done(attempt);
                }

                yield return part;
            }
            while (part is AnswerPart.Began or AnswerPart.Text);
        }
        finally
        {
            // Also when nobody reads on: then the model's work is for nobody.
            Race.Forget(LeaveAsync(next, parts));
        }
    }

    private static async Task LeaveAsync(Task next, IAsyncEnumerator<AnswerPart> parts)
    {
        await next.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await parts.DisposeAsync();
    }

    // Null unless it is the same answer so far, letter by letter: a caller must never read two answers as one. Only at temperature
    // 0 is that likely enough to be worth a second call.
    private async Task<Attempt?> ResumedAsync(AnswerPart part, ModelCall call, string sent, Deadline deadline, CancellationToken cancellationToken)
    {
        if (part is not AnswerPart.Incomplete { Reason: Reasons.IncompleteAnswer or Reasons.Timeout, Attempt: { Finish: not "length", Endpoint: { } broken } }
            || call.Sampling.Temperature is not 0 || deadline.Remaining < LeastToResume || cancellationToken.IsCancellationRequested)
        {
            return null;
        }

        var attempt = await AskRouterAsync(call with { BrokeOffAt = broken.Id }, deadline, cancellationToken);
        return attempt.Text?.StartsWith(sent, StringComparison.Ordinal) == true ? attempt : null;
    }

    private async Task<Attempt> AskRouterAsync(ModelCall call, Deadline deadline, CancellationToken cancellationToken)
    {
        var work = router.AskAsync(call, deadline.Earlier(times.Reserve), cancellationToken);
        return await Race.EndsAsync(work, deadline.Remaining, deadline.Clock, cancellationToken) && work.IsCompletedSuccessfully
            ? await work : Attempt.NotMade(Abandon(work, cancellationToken));
    }

    private async Task<AnswerPart> NextAsync(
        Task<bool> next, IAsyncEnumerator<AnswerPart> parts, Deadline deadline, bool began, CancellationToken cancellationToken)
    {
        if (await Race.EndsAsync(next, deadline.Remaining, deadline.Clock, cancellationToken) && next.IsCompletedSuccessfully && await next)
        {
            return parts.Current;
        }

        var reason = Abandon(next, cancellationToken);
        var attempt = Attempt.NotMade(reason);
        return began ? new AnswerPart.Incomplete(reason, attempt) : new AnswerPart.Failed(reason, attempt);
    }

    private string Abandon(Task work, CancellationToken cancellationToken)
    {
        Race.Forget(work);
        if (cancellationToken.IsCancellationRequested)
        {
            return Reasons.Cancelled;
        }

        if (work is { IsFaulted: true, Exception: { } failure })
        {
            Log.Failed(logger, failure.GetBaseException().GetType().Name, failure.GetBaseException().StackTrace);
        }

        return work.IsCompleted ? Reasons.InternalError : Reasons.Timeout;
    }

    private void Tell(string? reason, Deadline deadline)
    {
        if (GuardMeter.Activities.HasListeners())
        {
            Activity.Current?.SetTag("guard.reason", reason).SetTag("guard.budget_left_ms", (long)deadline.Remaining.TotalMilliseconds);
        }

        meter.Answered(Feature, reason is null ? Chat.Sources.Live : NoSource, reason, deadline.Elapsed);
    }

    // What switches AI off everywhere switches it off here, too.
    private string? Closed(InHouseCall call, Deadline deadline) => bypass.IsOn ? Reasons.Bypass
        : ServingPolicy.PinThatDecides(call.Caller.Id, Feature, snapshots.Current.Pins, deadline.Clock.GetUtcNow()) is { Mode: not Mode.Live } ? Reasons.Pinned
        : null;

    private static ModelCall ForRouter(InHouseCall call, Redactor redactor) => new(
        call.Caller, Feature, [.. call.Messages.Select(message => new ChatMessage(message.Role, redactor.Redact(message.Text)))],
        call.Sampling with { Stop = [.. call.Sampling.Stop.Select(redactor.Hide)] }) { Model = call.Model };

    private static partial class Log
    {
        // The message of an exception may quote what a caller wrote, so only its type and place are kept.
        [LoggerMessage(LogLevel.Error, "An in-house call failed with {Problem}. {Place}")]
        public static partial void Failed(ILogger logger, string problem, string? place);
    }
}

/// <summary>What an in-house caller asks.</summary>
/// <param name="Caller">The key and its jurisdictions.</param>
/// <param name="Messages">The prompt, as the caller wrote it.</param>
/// <param name="Sampling">How the answer shall be written.</param>
public sealed record InHouseCall(Caller Caller, IReadOnlyList<ChatMessage> Messages, Sampling Sampling)
{
    /// <summary>The only model that may answer; null for any.</summary>
    public string? Model { get; init; }

    /// <summary>A key as the router knows it.</summary>
    public static Caller CallerOf(GatewayKeyProfile key) => new($"key:{key.Id}", key.Jurisdictions);

    /// <summary>Never the words.</summary>
    public override string ToString() => $"{nameof(InHouseCall)} of {Caller.Id}";
}
