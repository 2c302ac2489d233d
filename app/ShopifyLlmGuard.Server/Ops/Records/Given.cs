using System.Globalization;
using ShopifyLlmGuard.Incidents.Judgement;

namespace ShopifyLlmGuard.Server.Ops.Records;

/// <summary>Options as they were typed, such as <c>--reason TEXT</c>. Remembers what it could not read.</summary>
internal sealed class Given
{
    private readonly List<(string Name, string Value)> options = [];
    private readonly HashSet<string> read = [];
    private bool isWrong;

    public Given(string[] words)
    {
        for (var at = 0; at < words.Length; at += 2)
        {
            isWrong |= !words[at].StartsWith("--", StringComparison.Ordinal) || at + 1 >= words.Length;
            options.Add((words[at], at + 1 < words.Length ? words[at + 1] : ""));
        }
    }

    /// <summary>Whether every option was asked for and could be read. To be asked last.</summary>
    public bool IsGood => !isWrong && options.All(option => read.Contains(option.Name));

    public IReadOnlyList<string> All(string name)
    {
        read.Add(name);
        return [.. options.Where(option => option.Name == name).Select(option => option.Value)];
    }

    public string? Text(string name) => All(name) is [.., var last] ? last : null;

    public DateTimeOffset? Moment(string name) => Read<DateTimeOffset>(name, (string text, out DateTimeOffset moment) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out moment));

    public decimal? Number(string name) => Read<decimal>(name, (string text, out decimal number) =>
        decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out number));

    public long? Count(string name) => Read<long>(name, (string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number));

    public YesNo? Answer(string name) => Read<YesNo>(name, (string text, out YesNo answer) =>
        Enum.TryParse(text, ignoreCase: true, out answer) && Enum.IsDefined(answer));

    private delegate bool TryRead<T>(string text, out T value);

    private T? Read<T>(string name, TryRead<T> read) where T : struct
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (read(text, out var value))
        {
            return value;
        }

        isWrong = true;
        return null;
    }
}
