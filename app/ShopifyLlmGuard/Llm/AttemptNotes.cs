using System.ClientModel;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.AI;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Llm;

/// <summary>What has been seen of a running attempt, and what it comes to when it ends.</summary>
internal sealed class AttemptNotes(LlmEndpoint endpoint, TimeOptions times, Deadline deadline)
{
    private readonly long began = deadline.Clock.GetTimestamp();
    private readonly StringBuilder text = new();
    private long lastToken;
    private TimeSpan? firstToken;
    private ChatFinishReason? finish;
    private long? inputTokens;
    private long? outputTokens;

    /// <summary>How long to wait for what comes next.</summary>
    public TimeSpan Limit => deadline.Within(firstToken is null
        ? times.FirstToken - Elapsed
        : times.TokenGap - deadline.Clock.GetElapsedTime(lastToken));

    private TimeSpan Elapsed => deadline.Clock.GetElapsedTime(began);

    public void Take(ChatResponseUpdate update)
    {
        // Empty chunks keep a connection alive; they are not progress.
        if (update.Text.Length > 0)
        {
            text.Append(update.Text);
            firstToken ??= Elapsed;
            lastToken = deadline.Clock.GetTimestamp();
        }

        finish = update.FinishReason ?? finish;
        foreach (var usage in update.Contents.OfType<UsageContent>())
        {
            inputTokens = usage.Details.InputTokenCount;
            outputTokens = usage.Details.OutputTokenCount;
        }
    }

    /// <summary>The stream has ended: with an answer only if the model itself said that it was done.</summary>
    public Attempt Ended() => (finish, text.Length) switch
    {
        (null, _) => Result(Reasons.IncompleteAnswer, Verdict.Bad),
        ({ } why, _) when why == ChatFinishReason.ContentFilter => Result(Reasons.UnusableAnswer, Verdict.Good),
        ({ } why, _) when why == ChatFinishReason.Length => Result(Reasons.IncompleteAnswer, Verdict.Good) with { CutText = text.ToString() },
        ({ } why, _) when why != ChatFinishReason.Stop => Result(Reasons.IncompleteAnswer, Verdict.Good),
        (_, 0) => Result(Reasons.EmptyAnswer, Verdict.Bad),
        _ => Result(null, Verdict.Good) with { Text = text.ToString() },
    };

    /// <summary>A limit has passed. Tokens that came well in time, but too many for the budget, are not the endpoint's fault.</summary>
    public Attempt TooSlow() => Result(
        Reasons.Timeout, firstToken is not null && deadline.Remaining == TimeSpan.Zero ? Verdict.None : Verdict.Bad);

    public Attempt Failed(string reason) => Result(reason, Verdict.None);

    /// <summary>The library has thrown: what the endpoint or the network did.</summary>
    public Attempt Broken(Exception exception)
    {
        if (firstToken is not null)
        {
            return Result(Reasons.IncompleteAnswer, Verdict.Bad);
        }

        return exception is ClientResultException { Status: > 0 } answered ? Refused(answered) : Unanswered(exception);
    }

    private Attempt Refused(ClientResultException answered)
    {
        var retryAfter = RetryAfter(answered);
        return answered.Status switch
        {
            429 => Result(Reasons.EndpointBusy, Verdict.None) with { MayRetry = true, RetryAfter = retryAfter },
            503 when retryAfter is not null => Result(Reasons.EndpointBusy, Verdict.None) with { MayRetry = true, RetryAfter = retryAfter },
            502 or 503 or 504 => Result(Reasons.EndpointError, Verdict.Bad) with { MayRetry = true },
            _ => Result(Reasons.EndpointError, Verdict.Bad),
        };
    }

    private Attempt Unanswered(Exception exception) => IsConnect(exception)
        ? Result(Reasons.EndpointUnreachable, Verdict.Bad) with { MayRetry = true }
        : Result(Reasons.EndpointError, Verdict.Bad);

    internal static bool IsConnect(Exception? exception) => exception switch
    {
        null => false,
        HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError
        } => true,
        // SocketsHttpHandler reports its connect timeout as a cancellation with this inside.
        OperationCanceledException { InnerException: TimeoutException } => true,
        AggregateException many => many.InnerExceptions.Any(IsConnect),
        _ => IsConnect(exception.InnerException),
    };

    private static TimeSpan? RetryAfter(ClientResultException answered) =>
        answered.GetRawResponse()?.Headers.TryGetValue("Retry-After", out var value) == true &&
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 86_400
            ? TimeSpan.FromSeconds(seconds)
            : null;

    private Attempt Result(string? reason, Verdict verdict) => new()
    {
        Endpoint = endpoint,
        Reason = reason,
        Finish = finish?.Value,
        Verdict = verdict,
        InputTokens = inputTokens,
        OutputTokens = outputTokens,
        FirstToken = firstToken,
        Duration = Elapsed,
    };
}
