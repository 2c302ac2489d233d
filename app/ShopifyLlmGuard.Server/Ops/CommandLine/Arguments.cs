using System.Globalization;

namespace ShopifyLlmGuard.Server.Ops.CommandLine;

/// <summary>The words after a verb, sorted: plain ones, options with a value, and switches without one.</summary>
internal sealed record Arguments(IReadOnlyList<string> Plain, ILookup<string, string> Options, IReadOnlyList<string> Mistakes)
{
    /// <summary>The value that was given last; null when none was.</summary>
    public string? this[string option] => Options[option].LastOrDefault();

    public bool Has(string option) => Options.Contains(option);

    /// <summary>Sorts the words. A word that does not exist, or a value that is missing, is a mistake with its remedy.</summary>
    /// <param name="words">The words.</param>
    /// <param name="withValue">Options that take a value.</param>
    /// <param name="alone">Switches.</param>
    public static Arguments Read(string[] words, string[] withValue, string[] alone)
    {
        List<string> plain = [], mistakes = [];
        List<(string Name, string Value)> options = [];
        for (var at = 0; at < words.Length; at++)
        {
            var word = words[at];
            if (!word.StartsWith("--", StringComparison.Ordinal))
            {
                plain.Add(word);
            }
            else if (alone.Contains(word))
            {
                options.Add((word, ""));
            }
            else if (!withValue.Contains(word))
            {
                mistakes.Add($"There is no option {word}. Do you mean {Nearest.Of(word, [.. withValue, .. alone])}?");
            }
            else if (at + 1 < words.Length && !words[at + 1].StartsWith("--", StringComparison.Ordinal))
            {
                options.Add((word, words[++at]));
            }
            else
            {
                mistakes.Add($"{word} needs a value.");
            }
        }

        return new(plain, options.ToLookup(option => option.Name, option => option.Value), mistakes);
    }

    /// <summary>A length such as <c>90s</c>, <c>30m</c>, <c>2h</c> or <c>7d</c>; null when it is none.</summary>
    public static TimeSpan? Length(string text) =>
        text.Length is > 1 and < 9 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? text[^1] switch
            {
                's' => TimeSpan.FromSeconds(number),
                'm' => TimeSpan.FromMinutes(number),
                'h' => TimeSpan.FromHours(number),
                'd' => TimeSpan.FromDays(number),
                _ => null,
            }
            : null;

    /// <summary>Who sits at this keyboard, when nobody says otherwise.</summary>
    public static string Author => $"{Environment.UserName}@{Environment.MachineName}";
}
