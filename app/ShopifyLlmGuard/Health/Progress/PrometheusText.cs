using System.Globalization;
using System.Text;

namespace ShopifyLlmGuard.Health.Progress;

/// <summary>One line of a Prometheus text.</summary>
/// <param name="Name">The metric's name.</param>
/// <param name="Labels">What stands between the braces, as it is; empty without any.</param>
/// <param name="Value">Its value, never NaN.</param>
internal readonly record struct Sample(string Name, string Labels, double Value);

/// <summary>
/// Reads Prometheus' text format as far as numbers need it. Tolerant: whoever writes it is a stranger, so a line that cannot be
/// read is left out, and what is too long is not read to its end.
/// </summary>
internal static class PrometheusText
{
    private const int LongestLine = 4096;

    /// <summary>The samples whose names are wanted, in order. Throws what the reader throws.</summary>
    /// <param name="reader">The text.</param>
    /// <param name="wanted">Whether a name matters.</param>
    /// <param name="most">So many characters are read and no more.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<IReadOnlyList<Sample>> ReadAsync(
        TextReader reader, Func<string, bool> wanted, int most, CancellationToken cancellationToken)
    {
        var buffer = new char[Math.Min(most, 16 * 1024)];
        var (samples, line, read) = (new List<Sample>(), new StringBuilder(), 0);
        while (read < most && await reader.ReadAsync(buffer.AsMemory(0, Math.Min(buffer.Length, most - read)), cancellationToken) is > 0 and var count)
        {
            read += count;
            foreach (var letter in buffer.AsSpan(0, count))
            {
                Take(letter, line, wanted, samples);
            }
        }

        // What the limit cut off may look like another number.
        if (read < most)
        {
            Take('\n', line, wanted, samples);
        }

        return samples;
    }

    /// <summary>One line as a sample; null when it is a comment, or no sample at all.</summary>
    public static Sample? Parse(string line)
    {
        var name = line.AsSpan().Trim();
        if (name.IsEmpty || name[0] == '#')
        {
            return null;
        }

        var open = name.IndexOf('{');
        var close = open < 0 ? -1 : name.LastIndexOf('}');
        var end = open < 0 ? name.IndexOfAny(' ', '\t') : open;
        if (end <= 0 || (open >= 0 && close < open))
        {
            return null;
        }

        // A timestamp may follow the value.
        var rest = name[(open < 0 ? end : close + 1)..].Trim();
        var value = rest.IndexOfAny(' ', '\t') is > 0 and var blank ? rest[..blank] : rest;
        return double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? new Sample(name[..end].Trim().ToString(), open < 0 ? "" : name[(open + 1)..close].ToString(), number)
            : null;
    }

    private static void Take(char letter, StringBuilder line, Func<string, bool> wanted, List<Sample> samples)
    {
        if (letter != '\n')
        {
            if (line.Length <= LongestLine)
            {
                line.Append(letter);
            }

            return;
        }

        if (line.Length <= LongestLine && Parse(line.ToString()) is { } sample && wanted(sample.Name))
        {
            samples.Add(sample);
        }

        line.Clear();
    }
}
