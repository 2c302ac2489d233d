using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Serialization;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Server.Storefront;

/// <summary>An answer as the storefront's script reads it, with headers for people who look why.</summary>
internal sealed class ShopperAnswer(Answer answer, TimeSpan took) : IResult
{
    /// <summary>Answers, and when anything at all breaks, answers nevertheless.</summary>
    public static async Task<ShopperAnswer> TimeAsync(Func<Task<Answer>> answer, Func<Exception, Answer> otherwise)
    {
        var began = Stopwatch.GetTimestamp();
        Answer result;
        try
        {
            result = await answer();
        }
        catch (Exception exception)
        {
            result = otherwise(exception);
        }

        return new(result, Stopwatch.GetElapsedTime(began));
    }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var headers = httpContext.Response.Headers;
        headers.CacheControl = "no-store";
        headers["X-Guard-Source"] = answer.Source;
        if (answer.Reason is { } reason)
        {
            headers["X-Guard-Reason"] = reason;
        }

        if (answer.ServedBy is { } servedBy)
        {
            headers["X-Guard-Served-By"] = servedBy;
        }

        headers["Server-Timing"] = string.Create(CultureInfo.InvariantCulture, $"guard;dur={took.TotalMilliseconds:0.0}");
        return httpContext.Response.WriteAsJsonAsync(new Wire(
            answer.Feature, answer.Mode, answer.Source, answer.Reason, answer.Items is null ? answer.Reply ?? ChatReply.Empty : null, answer.Items, answer.Disclosure));
    }

    private sealed record Wire(
        string Feature, Mode Mode, string Source, string? Reason,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ChatReply? Answer,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<RecommendedProduct>? Items,
        string? Disclosure);
}
