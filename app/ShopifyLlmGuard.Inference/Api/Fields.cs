using System.Text.Json;

namespace ShopifyLlmGuard.Inference.Api;

/// <summary>A field of a request is wrong.</summary>
internal sealed class FieldException(string? param, string message) : Exception(message)
{
    public string? Param => param;
}

/// <summary>Typed access to one JSON object; a missing field and a null are the same.</summary>
internal sealed class Fields(JsonElement element, string path = "")
{
    public JsonElement Element => element;

    public string? Text(string name) => Find(name) is { } value ? TextOf(value, PathOf(name)) : null;

    public bool? Switch(string name) => Find(name)?.ValueKind switch
    {
        null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(name, "true or false"),
    };

    public double? Number(string name, double least, double most)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= least && number <= most
            ? number
            : throw Wrong(name, least.Equals(most) ? $"{least}, the only supported value" : $"a number from {least} to {most}");
    }

    public long? Whole(string name, long least, long most)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= least && number <= most
            ? number
            : throw Wrong(name, least == most ? $"{least}, the only supported value" : $"a whole number from {least} to {most}");
    }

    public Fields? Inner(string name) => Find(name) is not { } value
        ? null
        : value.ValueKind == JsonValueKind.Object ? new Fields(value, PathOf(name)) : throw Wrong(name, "an object");

    public List<JsonElement>? List(string name) => Find(name) is not { } value
        ? null
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : throw Wrong(name, "a list");

    /// <summary>One text or a list of texts; empty when missing.</summary>
    public List<string> TextOrTexts(string name) => Find(name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Select(item => TextOf(item, PathOf(name)))],
        { } one => [TextOf(one, PathOf(name))],
    };

    /// <summary>A message's content: a text, or a list of parts of type <c>text</c>, which are joined.</summary>
    public string Content(string name) => Find(name) switch
    {
        null => throw Wrong(name, "a text"),
        { ValueKind: JsonValueKind.Array } parts =>
            string.Concat(parts.EnumerateArray().Select((part, index) => PartOf(part, $"{PathOf(name)}[{index}]"))),
        { } text => TextOf(text, PathOf(name)),
    };

    private static string PartOf(JsonElement part, string path)
    {
        if (part.ValueKind != JsonValueKind.Object)
        {
            throw new FieldException(path, $"'{path}' must be an object.");
        }

        var fields = new Fields(part, path);
        return fields.Text("type") == "text" && fields.Text("text") is { } text
            ? text
            : throw new FieldException(path, $"'{path}' must be a part of type 'text'.");
    }

    private static string TextOf(JsonElement value, string path)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : throw new FieldException(path, $"'{path}' must be a text.");
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate or broken UTF-8: there is no such text.
            throw new FieldException(path, $"'{path}' is not valid Unicode.");
        }
    }

    private JsonElement? Find(string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public FieldException Wrong(string name, string expected) =>
        new(PathOf(name), $"'{PathOf(name)}' must be {expected}.");

    public string PathOf(string name) => path.Length == 0 ? name : $"{path}.{name}";
}
