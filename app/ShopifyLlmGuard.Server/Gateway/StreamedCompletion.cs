using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.Server.Gateway;

/// <summary>
/// An answer as server-sent events. It ends with <c>[DONE]</c> only when it is whole; anything else ends with an error event and
/// an unfinished body, so that a client that knows no error events cannot take it for whole either.
/// </summary>
internal sealed class StreamedCompletion(IAsyncEnumerable<AnswerPart> parts, bool withUsage, DateTimeOffset now) : IResult
{
    private readonly string id = $"chatcmpl-{Guid.CreateVersion7(now):N}";
    private string model = "";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        await foreach (var part in parts)
        {
            await WriteAsync(httpContext, part);
        }
    }

    private Task WriteAsync(HttpContext http, AnswerPart part) => part switch
    {
        AnswerPart.Began began => BeginAsync(http.Response, began),
        AnswerPart.Text text => SendAsync(http.Response, Chunk(new(null, text.Value))),
        AnswerPart.Done done => EndAsync(http.Response, "stop", done.Attempt),
        AnswerPart.Incomplete { Attempt.Finish: "length" } long_ => EndAsync(http.Response, "length", long_.Attempt),
        AnswerPart.Incomplete broken => BreakOffAsync(http, GatewayError.Of(broken.Reason, broken.Attempt)),
        AnswerPart.Replaced replaced => BreakOffAsync(http, GatewayError.Of(replaced.Reason, replaced.Attempt)),
        AnswerPart.Failed failed => GatewayError.Of(failed.Reason, failed.Attempt).ExecuteAsync(http),
        _ => throw new InvalidOperationException($"Unknown part {part.GetType().Name}."),
    };

    private Task BeginAsync(HttpResponse response, AnswerPart.Began began)
    {
        model = began.Model;
        GatewayHeaders.Write(response, began.Endpoint, began.Region);
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers["X-Accel-Buffering"] = "no";
        return SendAsync(response, Chunk(new("assistant", "")));
    }

    private async Task EndAsync(HttpResponse response, string finish, Attempt attempt)
    {
        await SendAsync(response, Chunk(new(null, null), finish));
        if (withUsage && Usage.Of(attempt) is { } usage)
        {
            await SendAsync(response, new Chunk(id, "chat.completion.chunk", now.ToUnixTimeSeconds(), model, []) { Usage = usage });
        }

        await response.WriteAsync("data: [DONE]\n\n", response.HttpContext.RequestAborted);
    }

    private static async Task BreakOffAsync(HttpContext http, GatewayError error)
    {
        await http.Response.WriteAsync($"event: error\ndata: {JsonSerializer.Serialize(error.Body, GatewayJson.Default.ErrorBody)}\n\n", http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
        http.Features.GetRequiredFeature<IHttpResponseBodyFeature>().Writer.Complete(new BrokenOffException());
    }

    private Chunk Chunk(ChunkDelta delta, string? finish = null) =>
        new(id, "chat.completion.chunk", now.ToUnixTimeSeconds(), model, [new(0, delta, null, finish)]);

    private static async Task SendAsync(HttpResponse response, Chunk chunk)
    {
        await response.WriteAsync($"data: {JsonSerializer.Serialize(chunk, GatewayJson.Default.Chunk)}\n\n", response.HttpContext.RequestAborted);
        await response.Body.FlushAsync(response.HttpContext.RequestAborted);
    }

    /// <summary>Lets the web server end the connection without the end of the body.</summary>
    private sealed class BrokenOffException() : Exception("An answer broke off after its beginning was sent; the caller was told.");
}
