using System.Text.Json;
using Microsoft.Extensions.AI;
using ShopifyLlmGuard.Gateway;
using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.Server.Gateway;

/// <summary>A chat completion as OpenAI's clients ask for it. Fields that are not known are ignored; known ones must be right.</summary>
public sealed record CompletionRequest
{
    internal const int MaximumBytes = 256 * 1024;

    /// <summary>Asks for whatever model can answer.</summary>
    internal const string AnyModel = "guard";

    private const int MostMessages = 128, MostStops = 4, MostTokens = 32_768;

    // Ignoring what is not supported in silence would give another answer than the one that was asked for.
    private static readonly (Func<CompletionRequest, bool> Broken, string Param, string Says)[] Rules =
    [
        (asked => string.IsNullOrWhiteSpace(asked.Model), "model", "'model' is required."),
        (asked => asked.Messages is null or { Count: 0 or > MostMessages }, "messages", $"'messages' must have 1 to {MostMessages} messages."),
        (asked => (asked.MaxCompletionTokens ?? asked.MaxTokens) is < 1 or > MostTokens, "max_tokens", $"'max_tokens' must be from 1 to {MostTokens}."),
        (asked => asked.Temperature is < 0 or > 2, "temperature", "'temperature' must be from 0 to 2."),
        (asked => asked.TopP is < 0 or > 1, "top_p", "'top_p' must be from 0 to 1."),
        (asked => asked.FrequencyPenalty is < -2 or > 2, "frequency_penalty", "'frequency_penalty' must be from -2 to 2."),
        (asked => asked.PresencePenalty is < -2 or > 2, "presence_penalty", "'presence_penalty' must be from -2 to 2."),
        (asked => asked.Stops() is not { Count: <= MostStops }, "stop", $"'stop' is up to {MostStops} texts."),
        (asked => asked.N is not (null or 1), "n", "'n' can only be 1."),
        (asked => asked.Logprobs == true, "logprobs", "'logprobs' is not supported."),
        (asked => asked.Tools is { ValueKind: JsonValueKind.Array } tools && tools.GetArrayLength() > 0, "tools", "'tools' is not supported."),
        (asked => asked.ResponseFormat is { ValueKind: JsonValueKind.Object } format && !PromptMessage.IsOfTypeText(format),
            "response_format", "Only the response format 'text' is supported."),
    ];

    public string? Model { get; init; }
    public IReadOnlyList<PromptMessage?>? Messages { get; init; }
    public bool? Stream { get; init; }
    public StreamOptions? StreamOptions { get; init; }
    public int? MaxTokens { get; init; }
    public int? MaxCompletionTokens { get; init; }
    public float? Temperature { get; init; }
    public float? TopP { get; init; }
    public float? FrequencyPenalty { get; init; }
    public float? PresencePenalty { get; init; }
    public long? Seed { get; init; }
    public JsonElement? Stop { get; init; }
    public int? N { get; init; }
    public bool? Logprobs { get; init; }
    public JsonElement? Tools { get; init; }
    public JsonElement? ResponseFormat { get; init; }

    internal bool WantsUsage => Stream == true && StreamOptions?.IncludeUsage == true;

    /// <summary>The first thing that is wrong; null when all is well.</summary>
    internal GatewayError? Problem() => Array.Find(Rules, rule => rule.Broken(this)) is { Broken: not null } broken
        ? GatewayError.Invalid(broken.Says, broken.Param)
        : Messages!.Select((message, index) => PromptMessage.Problem(message, index)).FirstOrDefault(problem => problem is not null);

    internal InHouseCall ToCall(GatewayKeyProfile key) => new(
        InHouseCall.CallerOf(key),
        [.. Messages!.Select(message => message!.ToMessage())],
        new Sampling(MaxCompletionTokens ?? MaxTokens)
        {
            Temperature = Temperature, TopP = TopP, FrequencyPenalty = FrequencyPenalty, PresencePenalty = PresencePenalty, Seed = Seed, Stop = Stops()!,
        })
    {
        Model = Model == AnyModel ? null : Model,
    };

    private List<string>? Stops() => Stop switch
    {
        null or { ValueKind: JsonValueKind.Null } => [],
        { ValueKind: JsonValueKind.String } one => [one.GetString()!],
        { ValueKind: JsonValueKind.Array } list when list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) =>
            [.. list.EnumerateArray().Select(item => item.GetString()!)],
        _ => null,
    };

    /// <summary>Never the words.</summary>
    public override string ToString() => nameof(CompletionRequest);
}

/// <summary>What to send at the end of a stream.</summary>
public sealed record StreamOptions
{
    public bool? IncludeUsage { get; init; }
}

/// <summary>One message of the prompt.</summary>
public sealed record PromptMessage
{
    public string? Role { get; init; }

    /// <summary>A text, or a list of parts of type <c>text</c>.</summary>
    public JsonElement Content { get; init; }

    internal static GatewayError? Problem(PromptMessage? message, int index) => message is null
        ? GatewayError.Invalid($"'messages[{index}]' must be a message.", $"messages[{index}]")
        : message.Problem(index);

    /// <summary>Whether an object says <c>"type":"text"</c>.</summary>
    internal static bool IsOfTypeText(JsonElement part) =>
        part.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("text");

    internal ChatMessage ToMessage() => new(RoleOf(Role)!.Value, TextOf(Content));

    private GatewayError? Problem(int index) => (RoleOf(Role), TextOf(Content)) switch
    {
        (null, _) => GatewayError.Invalid($"'messages[{index}].role' must be system, developer, user or assistant.", $"messages[{index}].role"),
        (_, null) => GatewayError.Invalid($"'messages[{index}].content' must be a text, or a list of parts of type 'text'.", $"messages[{index}].content"),
        _ => null,
    };

    private static ChatRole? RoleOf(string? role) => role switch
    {
        "system" or "developer" => ChatRole.System,
        "user" => ChatRole.User,
        "assistant" => ChatRole.Assistant,
        _ => null,
    };

    private static string? TextOf(JsonElement content) => content.ValueKind switch
    {
        JsonValueKind.String => content.GetString(),
        JsonValueKind.Array when content.EnumerateArray().All(IsText) => string.Concat(content.EnumerateArray().Select(part => part.GetProperty("text").GetString())),
        _ => null,
    };

    private static bool IsText(JsonElement part) => part.ValueKind == JsonValueKind.Object
        && IsOfTypeText(part)
        && part.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String;
}
