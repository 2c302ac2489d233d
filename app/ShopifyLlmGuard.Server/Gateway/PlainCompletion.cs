using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Server.Trust;

namespace ShopifyLlmGuard.Server.Gateway;

/// <summary>A whole answer as one JSON object, or a clean error.</summary>
internal sealed class PlainCompletion(Attempt attempt, DateTimeOffset now) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        // What grew as long as allowed is no whole answer, and OpenAI's word for that is "length".
        if (attempt is not { Endpoint: { } endpoint } || (attempt.Text ?? attempt.CutText) is not { } text)
        {
            return GatewayError.Of(attempt.Reason!, attempt).ExecuteAsync(httpContext);
        }

        httpContext.GiveBackPlace();
        GatewayHeaders.Write(httpContext.Response, endpoint.Id, endpoint.Region);
        return httpContext.Response.WriteAsJsonAsync(
            new Completion(
                $"chatcmpl-{Guid.CreateVersion7(now):N}", "chat.completion", now.ToUnixTimeSeconds(), endpoint.Model,
                [new(0, new("assistant", text, null), null, attempt.Text is null ? "length" : "stop")], Usage.Of(attempt)),
            GatewayJson.Default.Completion,
            cancellationToken: httpContext.RequestAborted);
    }
}

internal static class GatewayHeaders
{
    public static void Write(HttpResponse response, string endpoint, string region)
    {
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Guard-Source"] = Chat.Sources.Live;
        response.Headers["X-Guard-Served-By"] = $"{endpoint}; {region}";
    }
}
