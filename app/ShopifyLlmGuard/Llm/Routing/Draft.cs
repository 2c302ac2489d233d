using System.Text;
using ShopifyLlmGuard.Llm.Residency;
using ShopifyLlmGuard.Llm.Wire;

namespace ShopifyLlmGuard.Llm.Routing;

/// <summary>
/// An answer while it is written. Its beginning is held back until it is long enough or old enough to be shown: a failure
/// before that is invisible, and of two drafts for one call only the first to get there is shown.
/// </summary>
internal sealed class Draft(Route? route)
{
    // A timer may ring a moment early; what is left then is not worth another one.
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);
    private readonly StringBuilder held = new();
    private readonly TaskCompletionSource lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long firstHeld;
    private bool isShown;

    /// <summary>Who writes it; null when nobody waits for it.</summary>
    public EligibleEndpoint? Author { get; init; }

    /// <summary>Another draft has been shown.</summary>
    public bool IsLost => lost.Task.IsCompleted;

    /// <summary>Ends when that happens.</summary>
    public Task Lost => lost.Task;

    /// <summary>A draft that nobody waits for.</summary>
    public static Draft Unread() => new(null);

    /// <summary>Waits for the next update of a running attempt.</summary>
    /// <returns>Null when it is there, or the stream's end; otherwise what the attempt has come to.</returns>
    public async Task<Attempt?> EndOfWaitAsync(Task next, AttemptNotes notes, Deadline deadline, CancellationToken cancellationToken)
    {
        while (!await EndsAsync(next, notes, deadline.Clock, cancellationToken))
        {
            if (cancellationToken.IsCancellationRequested)
            {
                return notes.Cancelled();
            }

            if (held.Length > 0 && UntilShown(deadline.Clock) <= Moment)
            {
                Show();
            }

            // One that has lost before it began is watched until it begins: only so can its breaker learn that it is silent.
            if (IsLost && notes.HasBegun)
            {
                return notes.Lost();
            }

            if (notes.Limit <= Moment)
            {
                return notes.TooSlow();
            }
        }

        if (next.IsCompletedSuccessfully)
        {
            return null;
        }

        return cancellationToken.IsCancellationRequested
            ? notes.Cancelled()
            : notes.Broken(await FailureAsync(next));
    }

    // A connection that takes too long ends as cancelled, and only the exception itself says why.
    private static async Task<Exception> FailureAsync(Task ended)
    {
        try
        {
            await ended;
            return new OperationCanceledException();
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    /// <summary>Takes the next words.</summary>
    /// <returns>False when another draft has been shown meanwhile.</returns>
    public bool Take(string words, TimeProvider clock)
    {
        if (route is null || words.Length == 0)
        {
            return true;
        }

        firstHeld = held.Length == 0 ? clock.GetTimestamp() : firstHeld;
        held.Append(words);
        return isShown || held.Length >= route.Commit.Characters ? Show() : !IsLost;
    }

    /// <summary>The attempt is over: an answer, or the model's own refusal, is shown unless another one has been.</summary>
    public Attempt Settle(Attempt attempt)
    {
        // Whoever turns the words away has written nothing: another one that has taken them may still answer.
        if (route is null || attempt.Retry != Retry.Never || attempt.Status is not null)
        {
            return attempt;
        }

        var isAnswer = attempt.Text is not null || attempt.CutText is not null;
        return (isAnswer ? Show() : route.TryWin(this))
            ? attempt
            : attempt with { Text = null, CutText = null, Reason = Serving.Reasons.Outrun };
    }

    public void Lose() => lost.TrySetResult();

    private TimeSpan UntilShown(TimeProvider clock) => route!.Commit.After - clock.GetElapsedTime(firstHeld);

    private async Task<bool> EndsAsync(Task next, AttemptNotes notes, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (route is null || isShown || !notes.HasBegun || next.IsCompleted)
        {
            return await Race.EndsAsync(next, notes.Limit, clock, cancellationToken);
        }

        var limit = UntilShown(clock) < notes.Limit ? UntilShown(clock) : notes.Limit;
        await Race.EndsAsync(Task.WhenAny(next, lost.Task), limit, clock, cancellationToken);
        return next.IsCompleted;
    }

    private bool Show()
    {
        if (!route!.TryWin(this))
        {
            return false;
        }

        isShown = true;
        route.Show(held.ToString());
        held.Clear();
        return true;
    }
}

/// <summary>When an answer's beginning is shown: after so many characters or so much time, whichever comes first.</summary>
internal sealed record CommitPoint(int Characters, TimeSpan After);
