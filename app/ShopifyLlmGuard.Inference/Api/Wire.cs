using System.Text.Json.Serialization;

namespace ShopifyLlmGuard.Inference.Api;

// OpenAI's shapes, the part of them that is spoken here. Names and nulls are as the OpenAI clients expect them.

internal sealed record Completion(
    string Id, string Object, long Created, string Model, IReadOnlyList<CompletionChoice> Choices, Usage Usage);

internal sealed record CompletionChoice(int Index, CompletionMessage Message, object? Logprobs, string FinishReason);

internal sealed record CompletionMessage(string Role, string Content, string? Refusal);

internal sealed record Usage(int PromptTokens, int CompletionTokens, int TotalTokens)
{
    public static Usage Of(int prompt, int answer) => new(prompt, answer, prompt + answer);
}

internal sealed record Chunk(string Id, string Object, long Created, string Model, IReadOnlyList<ChunkChoice> Choices);

/// <summary>A chunk of a stream that ends with its usage; until then that is null, but there.</summary>
internal sealed record CountedChunk(
    string Id, string Object, long Created, string Model, IReadOnlyList<ChunkChoice> Choices, Usage? Usage);

internal sealed record ChunkChoice(int Index, ChunkDelta Delta, object? Logprobs, string? FinishReason);

internal sealed record ChunkDelta(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Role,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Content);

internal sealed record ModelList(string Object, IReadOnlyList<ModelCard> Data);

/// <summary>OpenAI's card, and beside it what a guard compares a release with.</summary>
internal sealed record ModelCard(string Id, string Object, long Created, string OwnedBy, ModelMeta Meta);

/// <param name="Quantisation">The type of the weights, e.g. <c>Q8_0</c>; null when the file does not say.</param>
/// <param name="Template">The chat template, as <c>sha256:</c> and a digest; null when the file does not say.</param>
internal sealed record ModelMeta(string? Quantisation, string? Template);

internal sealed record ErrorBody(ErrorDetail Error);

internal sealed record ErrorDetail(string Message, string Type, string? Param, string Code);

/// <param name="Status"><c>loading</c> or <c>ok</c>.</param>
/// <param name="Model">The served model's id; null while it loads.</param>
/// <param name="BusySince">When the model began to work without a pause; null when idle.</param>
/// <param name="LastTokenAgeMs">How long ago it computed something; null before the first time.</param>
/// <param name="Running">Requests that are being answered.</param>
/// <param name="Queued">Requests that wait.</param>
/// <param name="TokensComputed">Since the start, prompts included; it stands still only when the model does.</param>
/// <param name="Accelerator"><c>gpu</c>, <c>cpu</c>, or <c>cpu-despite-gpu</c>; null while the model loads.</param>
internal sealed record Health(
    string Status, string? Model, DateTimeOffset? BusySince, long? LastTokenAgeMs, int Running, int Queued, long TokensComputed,
    string? Accelerator);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Completion))]
[JsonSerializable(typeof(Chunk))]
[JsonSerializable(typeof(CountedChunk))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(Health))]
internal sealed partial class WireJson : JsonSerializerContext;
