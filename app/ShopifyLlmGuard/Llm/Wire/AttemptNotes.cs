using System.Net.Http.Headers;
using System.Text;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Llm.Wire;

/// <summary>What has been seen of a running attempt, and what it comes to when it ends.</summary>
/// <param name="endpoint">Who is asked.</param>
/// <param name="limits">How long it may take for what.</param>
/// <param name="deadline">By when.</param>
/// <param name="isProbe">Nobody waits for the answer.</param>
/// <param name="usual">How long its good answers usually take; null when that is not known.</param>
internal sealed class AttemptNotes(LlmEndpoint endpoint, AttemptLimits limits, Deadline deadline, bool isProbe, TimeSpan? usual)
{
    // A timer may ring a moment early.
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(2);
    private readonly long began = deadline.Clock.GetTimestamp();
    private readonly StringBuilder text = new();
    private long lastToken;
    private TimeSpan? firstToken;
    private string? finish;
    private bool refused;
    private (int Status, Failure Means)? turnedAway;
    private long? inputTokens;
    private long? outputTokens;

    public bool HasBegun => firstToken is not null;

    /// <summary>Whether the stream has said that nothing more comes.</summary>
    public bool SawEnd { get; set; }

    /// <summary>How long to wait for what comes next.</summary>
    public TimeSpan Limit => deadline.Within(firstToken is null
        ? limits.FirstToken - Elapsed
        : limits.TokenGap - deadline.Clock.GetElapsedTime(lastToken));

    private TimeSpan Elapsed => deadline.Clock.GetElapsedTime(began);

    /// <summary>Takes notice of what an event brings.</summary>
    /// <returns>False when the words come so slowly that waiting on is pointless, or without a pause until the deadline is over.</returns>
    public bool Take(AnswerChunk chunk)
    {
        // Empty chunks keep a connection alive; they are not progress.
        if (chunk.Words.Length > 0)
        {
            text.Append(chunk.Words);
            firstToken ??= Elapsed;
            lastToken = deadline.Clock.GetTimestamp();
        }

        finish = chunk.Finish ?? finish;
        refused |= chunk.IsRefusal;
        inputTokens = chunk.InputTokens ?? inputTokens;
        outputTokens = chunk.OutputTokens ?? outputTokens;
        return deadline.Remaining > TimeSpan.Zero && (firstToken is null || !limits.IsDrip(text.Length, Elapsed - firstToken.Value));
    }

    /// <summary>The endpoint answers with a status that is not a success.</summary>
    public void TurnedAway(int status, HttpResponseHeaders headers, string? code)
    {
        var failure = ErrorClassifier.Of(status, name => headers.NonValidated.TryGetValues(name, out var value) ? value.ToString() : null, deadline.Clock.GetUtcNow(), code);
        refused |= failure.Reason == Reasons.UnusableAnswer;
        turnedAway = (status, failure);
    }

    /// <summary>The stream has ended: with an answer only if the model said that it was done, and the endpoint that this was all.</summary>
    public Attempt Ended() => (finish, text.Length) switch
    {
        _ when turnedAway is { } away => Result(away.Means) with { Status = away.Status },
        (null, _) => Result(new(Reasons.IncompleteAnswer, Verdict.Bad, Retry.Elsewhere)),
        (AnswerChunk.ContentFilter, _) => Result(new(Reasons.UnusableAnswer, Verdict.Good, Retry.Never)),
        _ when refused => Result(new(Reasons.UnusableAnswer, Verdict.Good, Retry.Never)),
        _ when !SawEnd => Result(new(Reasons.IncompleteAnswer, Verdict.Bad, Retry.Elsewhere)),
        (AnswerChunk.Length, _) => Result(new(Reasons.IncompleteAnswer, Verdict.Good, Retry.Never)) with { CutText = text.ToString() },
        (not AnswerChunk.Stop, _) => Result(new(Reasons.IncompleteAnswer, Verdict.Good, Retry.Never)),
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
            ? isProbe || Elapsed + Moment >= limits.FairTime(usual)
            : deadline.Remaining > Moment;
        return Result(new(Reasons.Timeout, isItsFault ? Verdict.Bad : Verdict.None, Retry.Elsewhere));
    }

    public Attempt Cancelled() => Result(new(Reasons.Cancelled, Verdict.None, Retry.Never));

    /// <summary>Another endpoint's answer was shown. One that had at least begun by then is not sick.</summary>
    public Attempt Lost() => Result(new(Reasons.Outrun, Verdict.None, Retry.Never));

    /// <summary>Reading has thrown: what the endpoint or the network did.</summary>
    public Attempt Broken(Exception exception) => Result(ErrorClassifier.Of(exception, HasBegun));

    private Attempt Result(Failure failure) => new()
    {
        Endpoint = endpoint,
        Reason = failure.Reason,
        Finish = refused ? AnswerChunk.ContentFilter : finish,
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
