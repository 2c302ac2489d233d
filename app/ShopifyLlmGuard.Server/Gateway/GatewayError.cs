using System.Globalization;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Server.Trust;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Server.Gateway;

/// <summary>A refusal in OpenAI's shape.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Type">OpenAI's class of the error.</param>
/// <param name="Code">For programs; where the guard's own reason says it, that reason.</param>
/// <param name="Message">One sentence for people. Never a word of a prompt or an answer.</param>
/// <param name="Param">The field at fault.</param>
internal sealed record GatewayError(int Status, string Type, string Code, string Message, string? Param = null) : IResult
{
    /// <summary>Why there is no live answer; one of <see cref="Reasons"/>.</summary>
    public string? Reason { get; init; }

    public TimeSpan? RetryAfter { get; init; }

    public static GatewayError WrongKey { get; } =
        new(401, "invalid_request_error", "invalid_api_key", "Give a good key as 'Authorization: Bearer KEY'.");

    public static GatewayError TooManyAtOnce { get; } = new(
        429, "rate_limit_error", "too_many_at_once", "This key has as many calls running as it may. Try again when one has ended.") { RetryAfter = TimeSpan.FromSeconds(1) };

    public static GatewayError TooLarge { get; } =
        new(413, "invalid_request_error", "request_too_large", $"The body is larger than {CompletionRequest.MaximumBytes} bytes.");

    public static GatewayError TooMany(TimeSpan retryAfter) =>
        new(429, "rate_limit_error", "rate_limit_exceeded", "This key has made as many calls as it may in a minute.") { RetryAfter = retryAfter };

    public static GatewayError Invalid(string message, string? param, string code = "invalid_value") =>
        new(400, "invalid_request_error", code, message, param);

    public static GatewayError NoSuchModel(string model) => new(
        404, "invalid_request_error", "model_not_found", $"There is no such model for this key. GET /v1/models lists them; '{CompletionRequest.AnyModel}' is any.", "model");

    /// <summary>What an attempt that gave no answer means to the caller.</summary>
    public static GatewayError Of(string reason, Attempt attempt) => reason switch
    {
        Reasons.Timeout => Server(504, "No model answered in time."),
        Reasons.NoEligibleEndpoint => Server(503, "No endpoint under a jurisdiction that this key allows can answer now."),
        Reasons.Bypass or Reasons.Pinned => Server(503, "An operator has switched AI off."),
        Reasons.BulkheadFull => Server(429, "All places for this caller are taken.") with { Type = "rate_limit_error", RetryAfter = attempt.RetryAfter ?? TimeSpan.FromSeconds(1) },
        Reasons.EndpointBusy or Reasons.BreakerOpen => Server(503, "The models are busy or recovering.") with { RetryAfter = attempt.RetryAfter ?? TimeSpan.FromSeconds(1) },
        Reasons.UnusableAnswer when attempt.Finish == "content_filter" => Server(400, "The model refused to answer this.") with { Type = "invalid_request_error", Code = "content_filter" },
        Reasons.RequestRefused => Server(400, "The model's host refuses these words, for instance because they are too long.") with { Type = "invalid_request_error" },
        Reasons.InternalError => Server(500, "Something broke inside the guard."),
        _ => Server(502, "No model gave a whole answer."),
    } with { Reason = reason };

    public ErrorBody Body => new(new ErrorDetail(Message, Type, Param, Code.Length == 0 ? Reason! : Code));

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.GiveBackPlace();
        var response = httpContext.Response;
        response.StatusCode = Status;
        if (RetryAfter is { } after)
        {
            response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(after.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        if (Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }

        if (Status >= StatusCodes.Status500InternalServerError)
        {
            // The guard has tried what there was; OpenAI's own clients would try it all again, twice.
            response.Headers["x-should-retry"] = "false";
        }

        if (Reason is not null)
        {
            response.Headers["X-Guard-Reason"] = Reason;
        }

        return response.WriteAsJsonAsync(Body, GatewayJson.Default.ErrorBody, cancellationToken: httpContext.RequestAborted);
    }

    private static GatewayError Server(int status, string message) => new(status, status == 504 ? "timeout" : "server_error", "", message);
}
