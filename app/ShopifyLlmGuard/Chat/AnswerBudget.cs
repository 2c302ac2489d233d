using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Chat;

/// <summary>Keeps a feature's budget with a real timer: an answer in time, or something else in time.</summary>
internal sealed partial class AnswerBudget(
    AttemptLog log, IOptions<TimeOptions> times, TimeProvider clock, ILogger<AnswerBudget> logger)
{
    /// <summary>Answers within the budget, whatever fails.</summary>
    /// <param name="shop">Whose shopper asks.</param>
    /// <param name="feature">The feature's key; it names the budget.</param>
    /// <param name="think">Finds the answer; its deadline leaves the reserve in which <paramref name="instead"/> runs.</param>
    /// <param name="instead">The answer for a reason, from memory, at once.</param>
    /// <param name="cancellationToken">The shopper has left.</param>
    public async Task<Answer> AnswerAsync(
        string shop, string feature, Func<Deadline, CancellationToken, Task<Answer>> think, Func<string, Answer> instead,
        CancellationToken cancellationToken)
    {
        var deadline = new Deadline(clock, times.Value.BudgetOf(feature));
        using var activity = GuardMeter.Activities.StartActivity($"guard.{feature}");
        var answer = await RaceAsync(think, instead, deadline, cancellationToken);
        activity?.SetTag("guard.source", answer.Source).SetTag("guard.reason", answer.Reason);
        log.Answered(shop, answer, deadline.Elapsed);
        return answer;
    }

    private async Task<Answer> RaceAsync(
        Func<Deadline, CancellationToken, Task<Answer>> think, Func<string, Answer> instead, Deadline deadline,
        CancellationToken cancellationToken)
    {
        // A pool thread does the work, so that nothing in it can hold up this timer.
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = Task.Run(() => think(deadline.Earlier(times.Value.Reserve), stop.Token), CancellationToken.None);
        var ended = await Race.EndsAsync(work, deadline.Remaining, clock, cancellationToken);
        if (ended && work.IsCompletedSuccessfully)
        {
            stop.Dispose();
            return await work;
        }

        await stop.CancelAsync();
        Race.Forget(work);
        if (cancellationToken.IsCancellationRequested)
        {
            return instead(Reasons.Cancelled);
        }

        if (work is { IsFaulted: true, Exception: { } failure })
        {
            Log.Failed(logger, failure.GetBaseException().GetType().Name, failure.GetBaseException().StackTrace);
        }

        return instead(ended ? Reasons.InternalError : Reasons.Timeout);
    }

    private static partial class Log
    {
        // The message of an exception may quote what a shopper wrote, so only its type and place are kept.
        [LoggerMessage(LogLevel.Error, "An answer failed with {Problem}; the fallback answered. {Place}")]
        public static partial void Failed(ILogger logger, string problem, string? place);
    }
}
