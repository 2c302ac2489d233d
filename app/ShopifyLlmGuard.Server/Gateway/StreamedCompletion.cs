using System.Text.Json;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Server.Trust;

namespace ShopifyLlmGuard.Server.Gateway;

/// <summary>
/// An answer as server-sent events. It ends with <c>[DONE]</c> only when it is whole. Anything else ends with a chunk that carries
/// an error and, for clients that know no error in a stream, a finish reason that is none of OpenAI's.
/// </summary>
internal sealed class StreamedCompletion(IAsyncEnumerable<AnswerPart> parts, bool withUsage, DateTimeOffset now) : IResult
{
    private readonly string id = $"chatcmpl-{Guid.CreateVersion7(now):N}";
    private string model = "";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        await foreach (var part in parts)
        {
            if (part is not (AnswerPart.Began or AnswerPart.Text))
            {
                httpContext.GiveBackPlace();
            }

            await WriteAsync(httpContext, part);
        }
    }

    private Task WriteAsync(HttpContext http, AnswerPart part) => part switch
    {
        AnswerPart.Began began => BeginAsync(http.Response, began),
        AnswerPart.Text text => SendAsync(http.Response, Chunk(new(null, text.Value))),
        AnswerPart.Done done => EndAsync(http.Response, "stop", done.Attempt),
        AnswerPart.Incomplete { Attempt.Finish: "length" } long_ => EndAsync(http.Response, "length", long_.Attempt),
        AnswerPart.Incomplete broken => BreakOffAsync(http.Response, GatewayError.Of(broken.Reason, broken.Attempt)),
        AnswerPart.Replaced replaced => BreakOffAsync(http.Response, GatewayError.Of(replaced.Reason, replaced.Attempt)),
        AnswerPart.Failed failed => GatewayError.Of(failed.Reason, failed.Attempt).ExecuteAsync(http),
        _ => throw new InvalidOperationException($"Unknown part {part.GetType().Name}."),
    };

    // The second time an answer is taken up by another endpoint; the headers have gone, but each chunk says whose it is.
    private Task BeginAsync(HttpResponse response, AnswerPart.Began began)
    {
        model = began.Model;
        if (response.HasStarted)
        {
            return Task.CompletedTask;
        }

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

    private Task BreakOffAsync(HttpResponse response, GatewayError error) =>
        SendAsync(response, Chunk(new(null, null), "error") with { Error = error.Body.Error });

    private Chunk Chunk(ChunkDelta delta, string? finish = null) =>
        new(id, "chat.completion.chunk", now.ToUnixTimeSeconds(), model, [new(0, delta, null, finish)]);

    private static async Task SendAsync(HttpResponse response, Chunk chunk)
    {
        await response.WriteAsync($"data: {JsonSerializer.Serialize(chunk, GatewayJson.Default.Chunk)}\n\n", response.HttpContext.RequestAborted);
        await response.Body.FlushAsync(response.HttpContext.RequestAborted);
    }
}
