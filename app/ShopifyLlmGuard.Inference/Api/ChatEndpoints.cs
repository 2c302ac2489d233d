using System.Text;
using System.Text.Json;
using Microsoft.Net.Http.Headers;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Engine.Admission;

namespace ShopifyLlmGuard.Inference.Api;

/// <summary><c>POST /v1/chat/completions</c>, in one group with everything else that wants the key.</summary>
internal static class ChatEndpoints
{
    // No vocabulary packs more of a text into a token on average; a longer text is refused before it is tokenised.
    private const int MostBytesPerToken = 16;

    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    public static void MapChat(this IEndpointRouteBuilder routes, InferenceOptions options)
    {
        var group = routes.MapGroup("/v1").RequireKey(options.ApiKey);
        group.MapModels();
        group.MapPost("/chat/completions", Complete);
    }

    private static async Task<IResult> Complete(
        HttpContext http, ModelHost host, InferenceOptions options, InferenceMeter meter, TimeProvider clock)
    {
        var arrived = clock.GetTimestamp();
        try
        {
            var headers = RequestHeaders.Read(http.Request);
            CheckContentType(http.Request);
            // Cheap looks first: a full host says so before it reads, parses and tokenises. Nothing is known of the prompt yet,
            // and a body's bytes tell nothing: most of them may be a schema, escapes, or a prefix that is kept.
            var served = host.Served ?? throw new RefusedException(ApiError.LoadingFor(host.LoadingFor));
            ThrowIfOver(headers.Within);
            RefusedException.ThrowIf(served.Engine.Look(new Applicant(headers.Priority, PromptTokens: 0, headers.Within), headers.Caller));
            var chat = await ReadAsync(http.Request, options);
            var request = Fit(chat, served, options);
            var left = headers.Within - clock.GetElapsedTime(arrived);
            ThrowIfOver(left);
            var (generation, verdict) = served.Engine.Submit(
                request with { Caller = headers.Caller, Priority = headers.Priority, Within = left });
            if (generation is null)
            {
                RefusedException.ThrowIf(verdict);
            }

            return new CompletionResult(served, chat, generation!, left, clock);
        }
        catch (RefusedException refusal)
        {
            meter.Refused(refusal.Error.Code.Replace('_', '-'));
            return refusal.Error.ToResult();
        }
    }

    private static void ThrowIfOver(TimeSpan? left)
    {
        if (left <= TimeSpan.Zero)
        {
            throw new RefusedException(ApiError.Deadline);
        }
    }

    // Not only a courtesy: a page of a foreign site may send a browser's plain text here, but not JSON.
    private static void CheckContentType(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || (type.Charset.HasValue && type.Encoding is not UTF8Encoding)
            || request.Headers.ContentEncoding.Any(encoding => encoding is not (null or "" or "identity")))
        {
            throw new RefusedException(ApiError.WrongContentType(request.ContentType));
        }
    }

    private static async Task<ChatRequest> ReadAsync(HttpRequest request, InferenceOptions options)
    {
        try
        {
            using var body = await JsonDocument.ParseAsync(request.Body, Reading, request.HttpContext.RequestAborted);
            return ChatRequest.Read(body.RootElement);
        }
        catch (JsonException)
        {
            throw new RefusedException(ApiError.Invalid("The body is not valid JSON.", code: "invalid_json"));
        }
        catch (BadHttpRequestException error)
        {
            throw new RefusedException(error.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? ApiError.TooLarge(options.MaxBodyBytes)
                : ApiError.Invalid("The body could not be read."));
        }
        catch (InvalidOperationException)
        {
            // A name that is no text: JSON may spell a lone surrogate.
            throw new RefusedException(ApiError.Invalid("The body has a name that is not valid Unicode."));
        }
        catch (FieldException error)
        {
            throw new RefusedException(ApiError.Invalid(error.Message, error.Param));
        }
    }

    private static GenerationRequest Fit(ChatRequest chat, ServedModel served, InferenceOptions options)
    {
        var cells = served.Engine.Cells;
        var bytes = chat.Turns.Sum(turn => Encoding.UTF8.GetByteCount(turn.Content));
        if (bytes > cells * MostBytesPerToken)
        {
            throw new RefusedException(ApiError.TooLong($"The messages are too long for a context of {cells} tokens."));
        }

        var prompt = served.Template.Render(chat.Turns);
        var most = cells - prompt.Length;
        var wanted = chat.MaxTokens ?? Math.Clamp(most, 1, options.DefaultMaxTokens);
        return wanted > most
            ? throw new RefusedException(ApiError.TooLong(
                $"The messages have {prompt.Length} tokens; with {wanted} for the answer they do not fit the context of {cells} tokens."))
            : new GenerationRequest(prompt, wanted, chat.Sampling, chat.Stops);
    }
}
