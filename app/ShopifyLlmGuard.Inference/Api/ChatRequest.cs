using System.Text.Json;
using ShopifyLlmGuard.Inference.Api.Structure;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Api;

/// <summary>A chat completion request that is well formed.</summary>
/// <param name="Turns">What was said so far; at least one.</param>
/// <param name="MaxTokens">Null when the caller leaves it to the host.</param>
/// <param name="Sampling">How tokens are chosen.</param>
/// <param name="Stops">Up to four texts that end the answer.</param>
/// <param name="Streams">Server-sent events instead of one JSON object.</param>
/// <param name="StreamsUsage">A last event with token counts.</param>
internal sealed record ChatRequest(
    IReadOnlyList<ChatTurn> Turns, int? MaxTokens, SamplingSettings Sampling, IReadOnlyList<string> Stops, bool Streams, bool StreamsUsage)
{
    private const int MostTurns = 128;
    private const int MostStops = 4;

    /// <summary>Reads a request body; fields that are not known are ignored, known ones must have the right type.</summary>
    /// <exception cref="FieldException">A field is wrong.</exception>
    public static ChatRequest Read(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            throw new FieldException(null, "The body must be a JSON object.");
        }

        var fields = new Fields(body);
        _ = fields.Text("model");
        RefuseUnsupported(fields);
        var streams = fields.Switch("stream") ?? false;
        return new ChatRequest(
            ReadTurns(fields),
            (int?)(fields.Whole("max_completion_tokens", 1, int.MaxValue) ?? fields.Whole("max_tokens", 1, int.MaxValue)),
            ReadSampling(fields),
            ReadStops(fields),
            streams,
            streams && fields.Inner("stream_options")?.Switch("include_usage") == true);
    }

    // Ignoring these in silence would give another answer than the one that was asked for.
    private static void RefuseUnsupported(Fields fields)
    {
        _ = fields.Whole("n", 1, 1);
        _ = fields.Whole("top_logprobs", 0, 0);
        if (fields.Inner("logit_bias")?.Element.EnumerateObject().Any() == true)
        {
            throw new FieldException("logit_bias", "'logit_bias' is not supported.");
        }

        if (fields.Switch("logprobs") == true)
        {
            throw new FieldException("logprobs", "'logprobs' is not supported.");
        }

        foreach (var calls in new[] { "tools", "functions" })
        {
            if (fields.List(calls) is { Count: > 0 })
            {
                throw new FieldException(calls, $"'{calls}' is not supported.");
            }
        }
    }

    private static SamplingSettings ReadSampling(Fields fields) => new(
        (float)(fields.Number("temperature", 0, 2) ?? 1),
        Math.Max((float)(fields.Number("top_p", 0, 1) ?? 1), float.Epsilon),
        fields.Whole("seed", long.MinValue, long.MaxValue) is { } seed
            ? (uint)seed ^ (uint)(seed >> 32)
            : (uint)Random.Shared.NextInt64(uint.MaxValue))
    {
        // -1 is vLLM's word for all of them.
        TopK = (int)Math.Max(fields.Whole("top_k", -1, int.MaxValue) ?? 0, 0),
        MinP = (float)(fields.Number("min_p", 0, 1) ?? 0),
        FrequencyPenalty = (float)(fields.Number("frequency_penalty", -2, 2) ?? 0),
        PresencePenalty = (float)(fields.Number("presence_penalty", -2, 2) ?? 0),
        RepetitionPenalty = (float)(fields.Number("repetition_penalty", 0.01, 2) ?? 1),
        Grammar = AnswerFormat.Read(fields),
    };

    private static List<string> ReadStops(Fields fields)
    {
        var stops = fields.TextOrTexts("stop");
        return stops.Count > MostStops || stops.Any(stop => stop.Length is 0 or > 256)
            ? throw new FieldException("stop", $"'stop' is up to {MostStops} texts of 1 to 256 characters.")
            : stops;
    }

    private static List<ChatTurn> ReadTurns(Fields fields)
    {
        var messages = fields.List("messages") ?? throw new FieldException("messages", "'messages' is required.");
        return messages.Count is 0 or > MostTurns
            ? throw new FieldException("messages", $"'messages' must have 1 to {MostTurns} messages.")
            : [.. messages.Select((message, index) => ReadTurn(message, $"messages[{index}]"))];
    }

    private static ChatTurn ReadTurn(JsonElement message, string path)
    {
        var fields = message.ValueKind == JsonValueKind.Object
            ? new Fields(message, path)
            : throw new FieldException(path, $"'{path}' must be an object.");
        var role = fields.Text("role") switch
        {
            "system" or "developer" => "system",
            "user" => "user",
            "assistant" => "assistant",
            _ => throw new FieldException($"{path}.role", $"'{path}.role' must be system, developer, user or assistant."),
        };
        return new ChatTurn(role, fields.Content("content"));
    }
}
