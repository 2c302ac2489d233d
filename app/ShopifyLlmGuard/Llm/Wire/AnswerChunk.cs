using System.Text.Json;
using System.Text.Json.Serialization;

namespace ShopifyLlmGuard.Llm.Wire;

/// <summary>What one event of an answer brings.</summary>
/// <param name="Words">The next words; often none.</param>
/// <param name="Finish">Why the model stops, in the words of the OpenAI API; null as long as it goes on.</param>
/// <param name="IsRefusal">The model says that it will not answer this.</param>
/// <param name="InputTokens">Tokens of the prompt, where the event tells them.</param>
/// <param name="OutputTokens">Tokens of the answer, where the event tells them.</param>
internal sealed record AnswerChunk(string Words, string? Finish, bool IsRefusal, long? InputTokens, long? OutputTokens)
{
    public const string Stop = "stop", Length = "length", ContentFilter = "content_filter", ToolCalls = "tool_calls", FunctionCall = "function_call";

    /// <summary>Reads an event's data. Throws <see cref="JsonException"/> or <see cref="BrokenStreamException"/> when it is no chunk of an answer.</summary>
    public static AnswerChunk Read(ReadOnlySpan<byte> json)
    {
        var chunk = JsonSerializer.Deserialize(json, ChunkJson.Default.ChunkBody) ?? throw new BrokenStreamException();
        var choice = chunk.Choices is [{ } first, ..] ? first : null;
        return new(
            choice?.Delta?.Content ?? "", Known(choice?.FinishReason), !string.IsNullOrEmpty(choice?.Delta?.Refusal),
            chunk.Usage?.PromptTokens, chunk.Usage?.CompletionTokens);
    }

    /// <summary>Never the words.</summary>
    public override string ToString() => $"{nameof(AnswerChunk)} {Finish}";

    // Whoever stops for a reason that is none of OpenAI's has not ended the answer.
    private static string? Known(string? finish) => finish switch
    {
        null or "" => null,
        Stop or Length or ContentFilter or ToolCalls or FunctionCall => finish,
        _ => throw new BrokenStreamException(),
    };
}

/// <summary>The endpoint broke the protocol. Carries nothing that the endpoint wrote.</summary>
internal sealed class BrokenStreamException() : IOException("The answer is no sound event stream.");

// OpenAI's shapes, the part of them that is read here.

internal sealed record ChunkBody(IReadOnlyList<ChunkChoice?>? Choices, ChunkUsage? Usage);

internal sealed record ChunkChoice(ChunkDelta? Delta, string? FinishReason);

internal sealed record ChunkDelta([property: JsonConverter(typeof(WordsConverter))] string? Content, string? Refusal);

internal sealed record ChunkUsage(long? PromptTokens, long? CompletionTokens);

/// <summary>A text, or a list of parts of which those of type <c>text</c> hold one.</summary>
internal sealed class WordsConverter : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return reader.GetString();
        }

        using var parts = JsonDocument.ParseValue(ref reader);
        return string.Concat(parts.RootElement.EnumerateArray().Select(part =>
            part.ValueKind == JsonValueKind.Object && part.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : ""));
    }

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(ChunkBody))]
internal sealed partial class ChunkJson : JsonSerializerContext;
