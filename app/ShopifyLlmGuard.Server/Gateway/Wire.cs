using System.Text.Json.Serialization;

namespace ShopifyLlmGuard.Server.Gateway;

// OpenAI's shapes, the part of them that is spoken here. Names and nulls are as the OpenAI clients expect them.

internal sealed record Completion(string Id, string Object, long Created, string Model, IReadOnlyList<CompletionChoice> Choices, Usage? Usage);

internal sealed record CompletionChoice(int Index, CompletionMessage Message, object? Logprobs, string FinishReason);

internal sealed record CompletionMessage(string Role, string Content, string? Refusal);

internal sealed record Usage(long PromptTokens, long CompletionTokens, long TotalTokens)
{
    public static Usage? Of(Llm.Attempt attempt) => attempt is { InputTokens: { } input, OutputTokens: { } output } ? new(input, output, input + output) : null;
}

internal sealed record Chunk(string Id, string Object, long Created, string Model, IReadOnlyList<ChunkChoice> Choices)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public Usage? Usage { get; init; }

    /// <summary>Not OpenAI's own, but what its libraries look for in a stream.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public ErrorDetail? Error { get; init; }
}

internal sealed record ChunkChoice(int Index, ChunkDelta Delta, object? Logprobs, string? FinishReason);

internal sealed record ChunkDelta(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Role,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Content);

internal sealed record ModelList(string Object, IReadOnlyList<ModelCard> Data);

internal sealed record ModelCard(string Id, string Object, long Created, string OwnedBy);

internal sealed record ErrorBody(ErrorDetail Error);

internal sealed record ErrorDetail(string Message, string Type, string? Param, string Code);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CompletionRequest))]
[JsonSerializable(typeof(Completion))]
[JsonSerializable(typeof(Chunk))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ErrorBody))]
internal sealed partial class GatewayJson : JsonSerializerContext;
