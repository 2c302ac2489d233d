using System.Globalization;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Llm.Wire;

/// <summary>Where a failed call may be tried once more.</summary>
internal enum Retry
{
    /// <summary>It is a decision about these words, or nobody waits for them any more.</summary>
    Never,

    /// <summary>Not at this endpoint: it is broken, but another one may answer.</summary>
    Elsewhere,

    /// <summary>Also here: it says so itself, or nothing has reached it.</summary>
    Anywhere,
}

/// <summary>What a failure means.</summary>
internal readonly record struct Failure(string? Reason, Verdict Verdict, Retry Retry, TimeSpan? RetryAfter = null);

/// <summary>The one place that knows what a status, a header or an exception of an endpoint means. Pure.</summary>
internal static class ErrorClassifier
{
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromDays(1);

    /// <summary>The endpoint has answered with a status that is not 200.</summary>
    /// <param name="status">The status.</param>
    /// <param name="header">Reads a header of the response; null when it is not there.</param>
    /// <param name="now">For a <c>Retry-After</c> that names a moment.</param>
    /// <param name="code">The error's code in the body; null when there is none.</param>
    public static Failure Of(int status, Func<string, string?> header, DateTimeOffset now, string? code = null)
    {
        var retryAfter = RetryAfter(header, now);
        return status switch
        {
            429 => new(Reasons.EndpointBusy, Verdict.None, Retry.Anywhere, retryAfter),
            503 when retryAfter is not null => new(Reasons.EndpointBusy, Verdict.None, Retry.Anywhere, retryAfter),
            502 or 503 or 504 => new(Reasons.EndpointError, Verdict.Bad, Retry.Anywhere),
            // A refusal for its content is the model's result, not an error to route round.
            400 or 403 when code is "content_filter" or "content_policy_violation" => new(Reasons.UnusableAnswer, Verdict.None, Retry.Never),
            // Too long for this one; another one may hold more.
            400 or 413 when code is ErrorBody.TooLong => new(Reasons.RequestRefused, Verdict.None, Retry.Elsewhere),
            // The words are too long or malformed: true everywhere, and no sign of a sick endpoint.
            400 or 413 or 422 => new(Reasons.RequestRefused, Verdict.None, Retry.Never),
            _ => new(Reasons.EndpointError, Verdict.Bad, Retry.Elsewhere),
        };
    }

    /// <summary>There was no answer, or it broke off.</summary>
    /// <param name="exception">What the client library or the network threw.</param>
    /// <param name="begun">Whether words had arrived before. The router knows whether anybody has seen them.</param>
    public static Failure Of(Exception? exception, bool begun)
    {
        if (begun)
        {
            return new(Reasons.IncompleteAnswer, Verdict.Bad, Retry.Elsewhere);
        }

        return IsConnect(exception)
            ? new(Reasons.EndpointUnreachable, Verdict.Bad, Retry.Anywhere)
            : new(Reasons.EndpointError, Verdict.Bad, Retry.Elsewhere);
    }

    /// <summary>Whether nothing can have reached the endpoint.</summary>
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

    private static TimeSpan? RetryAfter(Func<string, string?> header, DateTimeOffset now)
    {
        if (Number(header("Retry-After-Ms")) is { } milliseconds)
        {
            return Sane(TimeSpan.FromMilliseconds(milliseconds));
        }

        if (Number(header("Retry-After")) is { } seconds)
        {
            return Sane(TimeSpan.FromSeconds(seconds));
        }

        return DateTimeOffset.TryParse(header("Retry-After"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            ? Sane(moment - now)
            : null;
    }

    private static double? Number(string? text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number < 1e9 ? number : null;

    // A moment that has passed means: now.
    private static TimeSpan? Sane(TimeSpan time) =>
        time > LongestRetryAfter ? null : time < TimeSpan.Zero ? TimeSpan.Zero : time;
}
