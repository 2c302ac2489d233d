using System.Runtime.CompilerServices;
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

    private readonly LlmRouter router;
    private readonly Snapshots snapshots;
    private readonly Bypass bypass;
    private readonly TimeOptions times;
    private readonly ILogger<InHouseAssistant> logger;

    internal InHouseAssistant(
        LlmRouter router, Snapshots snapshots, Bypass bypass, IOptions<TimeOptions> times, ILogger<InHouseAssistant> logger) =>
        (this.router, this.snapshots, this.bypass, this.times, this.logger) = (router, snapshots, bypass, times.Value, logger);

    /// <summary>The whole answer, or why there is none, by the deadline. Does not throw.</summary>
    public async Task<Attempt> AskAsync(InHouseCall call, Deadline deadline, CancellationToken cancellationToken = default)
    {
        if (Closed(call, deadline) is { } reason)
        {
            return Attempt.NotMade(reason);
        }

        var redactor = new Redactor();
        var work = router.AskAsync(ForRouter(call, redactor), deadline.Earlier(times.Reserve), cancellationToken);
        if (!await Race.EndsAsync(work, deadline.Remaining, deadline.Clock, cancellationToken) || !work.IsCompletedSuccessfully)
        {
            return Attempt.NotMade(Abandon(work, cancellationToken));
        }

        var attempt = await work;
        return attempt with
        {
            Text = attempt.Text is null ? null : redactor.Restore(attempt.Text),
            CutText = attempt.CutText is null ? null : redactor.Restore(attempt.CutText),
        };
    }

    /// <summary>The answer in parts, ended by one of the last ones by the deadline. Does not throw.</summary>
    public async IAsyncEnumerable<AnswerPart> StreamAsync(
        InHouseCall call, Deadline deadline, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (Closed(call, deadline) is { } reason)
        {
            yield return new AnswerPart.Failed(reason, Attempt.NotMade(reason));
            yield break;
        }

        var restored = new RestoredStream();
        var parts = router.StreamAsync(ForRouter(call, restored.Redactor), deadline.Earlier(times.Reserve), cancellationToken)
            .GetAsyncEnumerator(CancellationToken.None);
        for (var began = false; ;)
        {
            var part = await NextAsync(parts, deadline, began, cancellationToken);
            began |= part is AnswerPart.Began;
            foreach (var ready in restored.Take(part))
            {
                yield return ready;
            }

            if (part is not (AnswerPart.Began or AnswerPart.Text))
            {
                yield break;
            }
        }
    }

    private async Task<AnswerPart> NextAsync(
        IAsyncEnumerator<AnswerPart> parts, Deadline deadline, bool began, CancellationToken cancellationToken)
    {
        var next = parts.MoveNextAsync().AsTask();
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

    // What switches AI off everywhere switches it off here, too.
    private string? Closed(InHouseCall call, Deadline deadline) => bypass.IsOn ? Reasons.Bypass
        : ServingPolicy.PinThatDecides(call.Caller.Id, Feature, snapshots.Current.Pins, deadline.Clock.GetUtcNow()) is { Mode: not Mode.Live } ? Reasons.Pinned
        : null;

    private static ModelCall ForRouter(InHouseCall call, Redactor redactor) => new(
        call.Caller, Feature, [.. call.Messages.Select(message => new ChatMessage(message.Role, redactor.Redact(message.Text)))], call.Sampling);

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
    /// <summary>A key as the router knows it.</summary>
    public static Caller CallerOf(GatewayKeyProfile key) => new($"key:{key.Id}", key.Jurisdictions);

    /// <summary>Never the words.</summary>
    public override string ToString() => $"{nameof(InHouseCall)} of {Caller.Id}";
}
