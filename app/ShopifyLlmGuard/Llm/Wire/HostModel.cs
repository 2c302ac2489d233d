using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ShopifyLlmGuard.Llm.Wire;

/// <summary>What a host tells of the model that it has loaded; null is what it does not tell.</summary>
/// <param name="Quantisation">The type of its weights, e.g. <c>Q8_0</c>.</param>
/// <param name="Template">Its chat template, as <c>sha256:</c> and the digest of the template's text.</param>
internal sealed record HostModel(string? Quantisation, string? Template)
{
    public static HostModel Untold { get; } = new(null, null);

    /// <summary>As <c>/v1/models</c> tells it; only this project's own inference host does.</summary>
    public static HostModel OfModels(JsonElement models, string id)
    {
        var card = Items(models).FirstOrDefault(card => Text(card, "id") == id);
        return card.ValueKind == JsonValueKind.Object && card.TryGetProperty("meta", out var meta)
            ? new(Text(meta, "quantisation"), Text(meta, "template")) : Untold;
    }

    /// <summary>The template as <c>/props</c> of llama.cpp's server tells it.</summary>
    public static string? TemplateOf(JsonElement props) => Text(props, "chat_template") is { Length: > 0 } text ? Digest(text) : null;

    public static string Digest(string template) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(template)))}";

    private static JsonElement.ArrayEnumerator Items(JsonElement models) =>
        models.ValueKind == JsonValueKind.Object && models.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Array
            ? data.EnumerateArray() : default;

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() : null;
}
