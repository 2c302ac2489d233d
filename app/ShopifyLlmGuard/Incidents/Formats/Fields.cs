using System.Globalization;
using System.Text.Json;

namespace ShopifyLlmGuard.Incidents.Formats;

/// <summary>Reads JSON of which nothing is certain: a field that is missing or of another kind is null, or empty.</summary>
internal static class Fields
{
    /// <summary>A string, or a number as it is written.</summary>
    public static string? Text(this JsonElement element, string name) => element.Find(name) is { } value ? Text(value) : null;

    /// <summary>The field, or an undefined element whose fields are all missing.</summary>
    public static JsonElement Part(this JsonElement element, string name) => element.Find(name) ?? default;

    /// <summary>The elements of a list.</summary>
    public static IEnumerable<JsonElement> Each(this JsonElement element, string name) =>
        element.Find(name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : Enumerable.Empty<JsonElement>();

    /// <summary>The strings of a list.</summary>
    public static IEnumerable<string> Texts(this JsonElement element, string name) =>
        element.Each(name).Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!);

    /// <summary>The strings and numbers of an object.</summary>
    public static IEnumerable<(string Name, string Value)> Pairs(this JsonElement element) =>
        element.ValueKind != JsonValueKind.Object ? []
        : from property in element.EnumerateObject()
          let value = Text(property.Value)
          where value is not null
          select (property.Name, value);

    /// <summary>
    /// A moment: ISO 8601, or a number since 1970 in seconds, milliseconds, microseconds or nanoseconds, which its size tells (one
    /// source mixes two of them in one body). Null for anything else, and for the zero of Go.
    /// </summary>
    public static DateTimeOffset? Moment(this JsonElement element, string name) => element.Text(name) is { } text ? Moment(text) : null;

    public static DateTimeOffset? Moment(string text)
    {
        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number))
        {
            var seconds = number switch { > 1e17m => number / 1e9m, > 1e14m => number / 1e6m, > 1e11m => number / 1e3m, _ => number };
            return seconds is > 0 and < 1e11m ? DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond)) : null;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var moment)
            && moment.Year >= 1970 ? moment : null;
    }

    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetRawText(),
        _ => null,
    };

    private static JsonElement? Find(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;
}
