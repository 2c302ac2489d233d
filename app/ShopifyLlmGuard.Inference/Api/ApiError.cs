using System.Globalization;

namespace ShopifyLlmGuard.Inference.Api;

/// <summary>A refusal in OpenAI's shape.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Type">OpenAI's class of the error, for example <c>invalid_request_error</c>.</param>
/// <param name="Code">A stable code for programs.</param>
/// <param name="Message">One sentence for people.</param>
/// <param name="Param">The field at fault, for example <c>messages[0].content</c>.</param>
internal sealed record ApiError(int Status, string Type, string Code, string Message, string? Param = null)
{
    private static readonly TimeSpan LeastLoad = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MostLoad = TimeSpan.FromMinutes(1);

    public static ApiError QueueFull { get; } =
        new(429, "rate_limit_error", "queue_full", "The model is busy and its queue is full. Try again later.");

    public static ApiError CallerLimit { get; } =
        new(429, "rate_limit_error", "caller_limit", "You have as many requests here as one caller may. Try again later.");

    public static ApiError PriorityLimit { get; } =
        new(429, "rate_limit_error", "priority_limit", "The places that are left are kept for other priorities. Try again later.");

    public static ApiError DeadlineUnreachable { get; } =
        new(429, "rate_limit_error", "deadline_unreachable", "The model is busy: the answer would begin too late. Try again later.");

    /// <summary>The prompt alone takes longer than the request has: no other hour is better.</summary>
    public static ApiError PromptUnreachable { get; } =
        new(429, "rate_limit_error", "deadline_unreachable", "This prompt alone takes longer than the answer may take to begin.");

    public static ApiError Loading { get; } =
        new(503, "server_error", "model_loading", "The model is still loading. Try again later.") { RetryAfter = LeastLoad };

    /// <param name="elapsed">How long it loads already; it is expected to take as long again, a few seconds at least.</param>
    public static ApiError LoadingFor(TimeSpan elapsed) =>
        Loading with { RetryAfter = TimeSpan.FromSeconds(Math.Ceiling(Math.Clamp(elapsed.TotalSeconds, LeastLoad.TotalSeconds, MostLoad.TotalSeconds))) };

    public static ApiError Stopping { get; } = new(503, "server_error", "stopping", "The host is shutting down.");

    public static ApiError Deadline { get; } =
        new(504, "timeout", "deadline_exceeded", "The answer was not ready within X-Deadline-Ms.");

    public static ApiError Empty { get; } = new(500, "server_error", "empty_answer", "The model gave an empty answer.");

    public static ApiError NotANumber { get; } =
        new(500, "server_error", "not_a_number", "The model computed values that are not numbers.");

    public static ApiError Stuck { get; } =
        new(500, "server_error", "structure_stuck", "The model's vocabulary cannot write what the structure asks for.");

    public static ApiError Engine { get; } = new(500, "server_error", "engine_failure", "The model failed.");

    public static ApiError WrongKey { get; } =
        new(401, "invalid_request_error", "invalid_api_key", "Give the right key as 'Authorization: Bearer KEY'.");

    public static ApiError TooLarge(int limit) =>
        new(413, "invalid_request_error", "request_too_large", $"The request body is larger than {limit} bytes.");

    public static ApiError Invalid(string message, string? param = null, string code = "invalid_value") =>
        new(400, "invalid_request_error", code, message, param);

    public static ApiError Internal { get; } = new(500, "server_error", "internal_error", "The host failed.");

    public static ApiError NoSuchPath(string method, string path) =>
        new(404, "invalid_request_error", "unknown_url", $"Invalid URL ({method} {Short(path)})");

    public static ApiError WrongMethod(string method, string path, string allowed) =>
        new(405, "invalid_request_error", "method_not_allowed", $"Not allowed to {method} on {Short(path)}; allowed: {allowed}");

    public static ApiError WrongContentType(string? given) => new(
        415, "invalid_request_error", "unsupported_content_type",
        $"Unsupported content type: '{Short(given ?? "")}'. This API takes 'application/json' in UTF-8, not compressed.");

    public static ApiError Unreadable(int status) => new(status, "invalid_request_error", "invalid_request", "The request could not be read.");

    public static ApiError NoSuchModel(string id) =>
        new(404, "invalid_request_error", "model_not_found", $"The model '{Short(id)}' does not exist", "model");

    public static ApiError NoEmbeddings(string id) => Invalid(
        $"The model '{id}' writes answers and makes no embeddings.", "model", "embeddings_not_supported");

    public static ApiError TooLong(string message) => Invalid(message, "messages", "context_length_exceeded");

    /// <summary>When to come back, of errors that pass; a second when nothing better is known, null when it would be in vain.</summary>
    public TimeSpan? RetryAfter { get; init; } = TimeSpan.FromSeconds(1);

    // What came in is only repeated as far as it helps.
    private static string Short(string text) => text.Length <= 100 ? text : $"{text[..100]}…";

    public ErrorBody Body => new(new ErrorDetail(Message, Type, Param, Code));

    /// <summary>Answers with this error; a caller that may come back is told when.</summary>
    public IResult ToResult() => new ErrorResult(this);

    private sealed class ErrorResult(ApiError error) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = error.Status;
            if (error.Status is 429 or 503 && error.RetryAfter is { } later)
            {
                httpContext.Response.Headers.RetryAfter = later.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
            }

            if (error.Status == 401)
            {
                httpContext.Response.Headers.WWWAuthenticate = "Bearer";
            }

            return httpContext.Response.WriteAsJsonAsync(error.Body, WireJson.Default.ErrorBody, cancellationToken: httpContext.RequestAborted);
        }
    }
}
