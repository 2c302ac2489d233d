using System.ClientModel;
using System.Text;
using Microsoft.Extensions.AI;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Llm.Wire;

/// <summary>What has been seen of a running attempt, and what it comes to when it ends.</summary>
internal sealed class AttemptNotes(LlmEndpoint endpoint, AttemptLimits limits, CallFlow flow, TimeSpan? usual)
{
    // A timer may ring a moment early.
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(2);
    private readonly Deadline deadline = flow.Deadline;
    private readonly long began = flow.Deadline.Clock.GetTimestamp();
    private readonly StringBuilder text = new();
    private long lastToken;
    private TimeSpan? firstToken;
    private ChatFinishReason? finish;
    private bool refused;
    private long? inputTokens;
    private long? outputTokens;

    public bool HasBegun => firstToken is not null;

    /// <summary>How long to wait for what comes next.</summary>
    public TimeSpan Limit => deadline.Within(firstToken is null
        ? limits.FirstToken - Elapsed
        : limits.TokenGap - deadline.Clock.GetElapsedTime(lastToken));

    private TimeSpan Elapsed => deadline.Clock.GetElapsedTime(began);

    /// <summary>Takes notice of an update.</summary>
    /// <returns>False when the words come so slowly that waiting on is pointless, or without a pause until the deadline is over.</returns>
    public bool Take(ChatResponseUpdate update)
    {
        // Empty chunks keep a connection alive; they are not progress.
        if (update.Text.Length > 0)
        {
            text.Append(update.Text);
            firstToken ??= Elapsed;
            lastToken = deadline.Clock.GetTimestamp();
        }

        finish = update.FinishReason ?? finish;
        refused |= update.Contents.OfType<ErrorContent>().Any();
        foreach (var usage in update.Contents.OfType<UsageContent>())
        {
            inputTokens = usage.Details.InputTokenCount;
            outputTokens = usage.Details.OutputTokenCount;
        }

        return deadline.Remaining > TimeSpan.Zero && (firstToken is null || !limits.IsDrip(text.Length, Elapsed - firstToken.Value));
    }

    /// <summary>The stream has ended: with an answer only if the model said that it was done, and the endpoint that this was all.</summary>
    public Attempt Ended() => (finish, text.Length) switch
    {
        (null, _) => Result(new(Reasons.IncompleteAnswer, Verdict.Bad, Retry.Elsewhere)),
        ({ } why, _) when why == ChatFinishReason.ContentFilter || refused => Result(new(Reasons.UnusableAnswer, Verdict.Good, Retry.Never)),
        _ when !flow.SawEnd => Result(new(Reasons.IncompleteAnswer, Verdict.Bad, Retry.Elsewhere)),
        ({ } why, _) when why == ChatFinishReason.Length =>
            Result(new(Reasons.IncompleteAnswer, Verdict.Good, Retry.Never)) with { CutText = text.ToString() },
        ({ } why, _) when why != ChatFinishReason.Stop => Result(new(Reasons.IncompleteAnswer, Verdict.Good, Retry.Never)),
        (_, 0) => Result(new(Reasons.EmptyAnswer, Verdict.Bad, Retry.Elsewhere)),
        _ => Result(new(null, Verdict.Good, Retry.Never)) with { Text = text.ToString() },
    };

    /// <summary>
    /// A limit has passed. Tokens that came well in time, but too many for the budget, are not the endpoint's fault; nor is
    /// silence in the little time of a caller in a hurry, who must not close a sound endpoint to everybody. A probe is never in a hurry.
    /// </summary>
    public Attempt TooSlow()
    {
        var isItsFault = firstToken is null
            ? flow.Call is null || Elapsed + Moment >= limits.FairTime(usual)
            : deadline.Remaining > Moment;
        return Result(new(Reasons.Timeout, isItsFault ? Verdict.Bad : Verdict.None, Retry.Elsewhere));
    }

    public Attempt Cancelled() => Result(new(Reasons.Cancelled, Verdict.None, Retry.Never));

    /// <summary>Another endpoint's answer was shown. One that had at least begun by then is not sick.</summary>
    public Attempt Lost() => Result(new(Reasons.Outrun, Verdict.None, Retry.Never));

    /// <summary>The library has thrown: what the endpoint or the network did.</summary>
    public Attempt Broken(Exception exception)
    {
        if (HasBegun || exception is not ClientResultException { Status: > 0 } answered)
        {
            return Result(ErrorClassifier.Of(exception, HasBegun));
        }

        var failure = ErrorClassifier.Of(answered.Status, name => Header(answered, name), deadline.Clock.GetUtcNow(), Code(answered));
        refused |= failure.Reason == Reasons.UnusableAnswer;
        return Result(failure) with { Status = answered.Status };
    }

    private static string? Header(ClientResultException answered, string name) =>
        answered.GetRawResponse()?.Headers.TryGetValue(name, out var value) == true ? value : null;

    private static string? Code(ClientResultException answered) => ErrorBody.Code(answered.GetRawResponse()?.Content.ToMemory() ?? default);

    private Attempt Result(Failure failure) => new()
    {
        Endpoint = endpoint,
        Reason = failure.Reason,
        Finish = refused ? ChatFinishReason.ContentFilter.Value : finish?.Value,
        Verdict = failure.Verdict,
        Retry = failure.Retry,
        RetryAfter = failure.RetryAfter,
        InputTokens = inputTokens,
        OutputTokens = outputTokens,
        FirstToken = firstToken,
        Duration = Elapsed,
    };
}

/// <summary>How long an endpoint may take for what.</summary>
internal sealed record AttemptLimits(TimeSpan FirstToken, TimeSpan TokenGap, TimeSpan DripAfter, double LeastCharactersPerSecond)
{
    private static readonly TimeSpan LeastFair = TimeSpan.FromSeconds(1);

    public static AttemptLimits Of(LlmEndpoint endpoint, LlmOptions llm, TimeOptions times) => new(
        endpoint.FirstToken ?? times.FirstToken, endpoint.TokenGap ?? times.TokenGap, times.DripAfter, llm.LeastCharactersPerSecond);

    /// <summary>How long an endpoint must have been silent before that says anything about it.</summary>
    /// <param name="usual">How long its good answers usually take; null when that is not known.</param>
    public TimeSpan FairTime(TimeSpan? usual)
    {
        var fair = usual * 2 is { } twice && twice > LeastFair ? twice : LeastFair;
        return fair < FirstToken ? fair : FirstToken;
    }

    /// <summary>Whether words keep coming, each in time, and yet no answer will come of it.</summary>
    public bool IsDrip(int characters, TimeSpan sinceFirst) =>
        sinceFirst >= DripAfter && characters < LeastCharactersPerSecond * sinceFirst.TotalSeconds;
}
