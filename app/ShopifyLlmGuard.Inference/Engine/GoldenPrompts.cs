using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>
/// Conversations and the tokens that they must become, in an optional file beside the model: <c>NAME.golden.json</c> beside
/// <c>NAME.gguf</c>. A template that is wrong in the file garbles every answer, and looks like a weak model.
/// </summary>
internal static class GoldenPrompts
{
    public static string PathFor(string model) => Path.ChangeExtension(model, ".golden.json");

    /// <exception cref="ModelLoadException">A prompt comes out otherwise, or the file cannot be read.</exception>
    public static void Check(string model, PromptTemplate template)
    {
        var path = PathFor(model);
        if (!File.Exists(path))
        {
            return;
        }

        var prompts = Read(path);
        for (var index = 0; index < prompts.Count; index++)
        {
            var rendered = template.Render([.. prompts[index].Messages.Select(message => new ChatTurn(message.Role, message.Content))]);
            var same = rendered.Zip(prompts[index].Tokens).TakeWhile(pair => pair.First == pair.Second).Count();
            if (same < rendered.Length || same < prompts[index].Tokens.Count)
            {
                throw new ModelLoadException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"its golden prompt {index + 1} has {Token(prompts[index].Tokens, same)} as token {same + 1}, and it renders {Token(rendered, same)}"));
            }
        }
    }

    private static string Token(IReadOnlyList<int> tokens, int index) =>
        index < tokens.Count ? tokens[index].ToString(CultureInfo.InvariantCulture) : "nothing";

    private static IReadOnlyList<GoldenPrompt> Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return JsonSerializer.Deserialize(file, GoldenJson.Default.IReadOnlyListGoldenPrompt) is { Count: > 0 } prompts
                ? prompts
                : throw new ModelLoadException($"{path} has no prompts");
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ModelLoadException($"{path} cannot be read: {error.Message}");
        }
    }
}

/// <param name="Messages">As in a request.</param>
/// <param name="Tokens">What a reference implementation makes of them, with the assistant's turn opened.</param>
internal sealed record GoldenPrompt(IReadOnlyList<GoldenMessage> Messages, IReadOnlyList<int> Tokens);

internal sealed record GoldenMessage(string Role, string Content);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(IReadOnlyList<GoldenPrompt>))]
internal sealed partial class GoldenJson : JsonSerializerContext;
