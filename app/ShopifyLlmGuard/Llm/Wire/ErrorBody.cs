using System.Text.Json;

namespace ShopifyLlmGuard.Llm.Wire;

/// <summary>What the body of an error answer says, in OpenAI's words whoever wrote it. Pure; nothing else of the body leaves here.</summary>
internal static class ErrorBody
{
    public const string TooLong = "context_length_exceeded";

    /// <summary>The error's code; null when the body has none that a program could use.</summary>
    public static string? Code(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var body = JsonDocument.Parse(json);
            var root = body.RootElement;
            // Older releases of vLLM write the error without an envelope.
            var error = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("error", out var inner) ? inner : root;
            return error.ValueKind == JsonValueKind.Object ? IsTooLong(error) ? TooLong : Word(error, "code") : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // llama.cpp has a type for it. vLLM repeats the status as its code, so that only its sentence tells.
    private static bool IsTooLong(JsonElement error) => Word(error, "type") == "exceed_context_size_error" ||
        (Word(error, "code") is null && Word(error, "message")?.Contains("maximum context length", StringComparison.OrdinalIgnoreCase) == true);

    private static string? Word(JsonElement error, string name) =>
        error.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
