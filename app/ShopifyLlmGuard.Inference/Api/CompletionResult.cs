using System.Text;
using System.Text.Json;
using ShopifyLlmGuard.Inference.Engine;

namespace ShopifyLlmGuard.Inference.Api;

/// <summary>
/// Writes what a generation says, as one object or as a stream. A stream begins with the first piece of text: until
/// then a failure still has its own status. A stream that fails later ends with an error event and without <c>[DONE]</c>.
/// </summary>
internal sealed class CompletionResult(
    ServedModel served, ChatRequest chat, Generation generation, TimeSpan? deadline, TimeProvider clock) : IResult
{
    private const string ChunkName = "chat.completion.chunk";

    private readonly string _id = $"chatcmpl-{Guid.NewGuid():N}";
    private readonly long _created = clock.GetUtcNow().ToUnixTimeSeconds();

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using var timer = deadline is { } left
            ? clock.CreateTimer(_ => served.Engine.Cancel(generation, FailureReason.Deadline), null, left, Timeout.InfiniteTimeSpan)
            : null;
        await using var gone = httpContext.RequestAborted.Register(
            () => served.Engine.Cancel(generation, FailureReason.Cancelled));
        try
        {
            await (chat.Streams ? StreamAsync(httpContext) : AnswerAsync(httpContext));
        }
        catch (OperationCanceledException) when (httpContext.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be told.
        }
        finally
        {
            // Whatever went wrong while writing: nobody reads the rest.
            served.Engine.Cancel(generation, FailureReason.Cancelled);
        }
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var text = new StringBuilder();
        await foreach (var said in generation.ReadAllAsync(http.RequestAborted))
        {
            switch (said)
            {
                case GenerationEvent.Piece piece:
                    text.Append(piece.Text);
                    break;
                case GenerationEvent.End end:
                    var message = new CompletionMessage("assistant", text.ToString(), null);
                    var choice = new CompletionChoice(0, message, null, FinishReason(end));
                    await http.Response.WriteAsJsonAsync(
                        new Completion(_id, "chat.completion", _created, served.Id, [choice], UsageOf(end)),
                        WireJson.Default.Completion,
                        cancellationToken: http.RequestAborted);
                    break;
                case GenerationEvent.Failure failure:
                    await ErrorOf(failure.Reason).ToResult().ExecuteAsync(http);
                    break;
            }
        }
    }

    private async Task StreamAsync(HttpContext http)
    {
        var hasBegun = false;
        await foreach (var said in generation.ReadAllAsync(http.RequestAborted))
        {
            if (said is GenerationEvent.Failure failure)
            {
                await FailAsync(http, failure, hasBegun);
                return;
            }

            if (!hasBegun)
            {
                hasBegun = true;
                http.Response.ContentType = "text/event-stream";
                http.Response.Headers.CacheControl = "no-cache";
                await SendAsync(http, new ChunkDelta("assistant", ""), null);
            }

            if (said is GenerationEvent.Piece piece)
            {
                await SendAsync(http, new ChunkDelta(null, piece.Text), null);
            }
            else if (said is GenerationEvent.End end)
            {
                await EndAsync(http, end);
            }
        }
    }

    private static async Task FailAsync(HttpContext http, GenerationEvent.Failure failure, bool hasBegun)
    {
        var error = ErrorOf(failure.Reason);
        if (hasBegun)
        {
            await WriteAsync(http, JsonSerializer.Serialize(error.Body, WireJson.Default.ErrorBody));
        }
        else
        {
            await error.ToResult().ExecuteAsync(http);
        }
    }

    private async Task EndAsync(HttpContext http, GenerationEvent.End end)
    {
        await SendAsync(http, new ChunkDelta(null, null), FinishReason(end));
        if (chat.StreamsUsage)
        {
            await SendAsync(http, [], UsageOf(end));
        }

        await WriteAsync(http, "[DONE]");
    }

    private Task SendAsync(HttpContext http, ChunkDelta delta, string? finishReason) =>
        SendAsync(http, [new ChunkChoice(0, delta, null, finishReason)], null);

    private Task SendAsync(HttpContext http, IReadOnlyList<ChunkChoice> choices, Usage? usage) => WriteAsync(http, chat.StreamsUsage
        ? JsonSerializer.Serialize(new CountedChunk(_id, ChunkName, _created, served.Id, choices, usage), WireJson.Default.CountedChunk)
        : JsonSerializer.Serialize(new Chunk(_id, ChunkName, _created, served.Id, choices), WireJson.Default.Chunk));

    private static async Task WriteAsync(HttpContext http, string data)
    {
        await http.Response.WriteAsync($"data: {data}\n\n", http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
    }

    private Usage UsageOf(GenerationEvent.End end) => Usage.Of(generation.Request.Prompt.Length, end.Tokens);

    private static string FinishReason(GenerationEvent.End end) => end.HitLimit ? "length" : "stop";

    private static ApiError ErrorOf(FailureReason reason) => reason switch
    {
        FailureReason.Deadline => ApiError.Deadline,
        FailureReason.Empty => ApiError.Empty,
        FailureReason.NotANumber => ApiError.NotANumber,
        FailureReason.Stuck => ApiError.Stuck,
        FailureReason.Stopping or FailureReason.Cancelled => ApiError.Stopping,
        _ => ApiError.Engine,
    };
}
