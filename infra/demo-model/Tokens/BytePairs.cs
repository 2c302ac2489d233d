using System.Text;
using System.Text.RegularExpressions;

namespace ShopifyLlmGuard.DemoModel.Tokens;

/// <summary>GPT-2's way of cutting text: words with their leading space, then bytes written as printable characters.</summary>
internal static partial class BytePairs
{
    private static readonly char[] ByteLetters = MakeByteLetters();

    /// <summary>The 256 printable characters that stand for the bytes, in byte order.</summary>
    public static IEnumerable<string> Letters => ByteLetters.Select(letter => letter.ToString());

    public static IEnumerable<string> Words(string text) => Word().Matches(text).Select(match => match.Value);

    public static string Encode(string word) => string.Concat(Encoding.UTF8.GetBytes(word).Select(b => ByteLetters[b]));

    public static string Decode(string letters) => Encoding.UTF8.GetString(
        [.. letters.Select(letter => (byte)Array.IndexOf(ByteLetters, letter))]);

    /// <summary>Learns the most frequent merges of a corpus; ties go to the pair that sorts first, so runs agree.</summary>
    public static List<(string Left, string Right)> Learn(IEnumerable<string> texts, int merges)
    {
        var counts = texts.SelectMany(Words).GroupBy(word => word).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => (Parts: Encode(group.Key).Select(c => c.ToString()).ToList(), Count: group.Count())).ToList();
        var learned = new List<(string, string)>();
        while (learned.Count < merges && MostFrequent(counts) is { } best)
        {
            learned.Add(best);
            foreach (var (parts, _) in counts)
            {
                Merge(parts, best);
            }
        }

        return learned;
    }

    public static void Merge(List<string> parts, (string Left, string Right) pair)
    {
        for (var i = 0; i + 1 < parts.Count; i++)
        {
            if (parts[i] == pair.Left && parts[i + 1] == pair.Right)
            {
                parts[i] += parts[i + 1];
                parts.RemoveAt(i + 1);
            }
        }
    }

    private static (string, string)? MostFrequent(List<(List<string> Parts, int Count)> words)
    {
        var pairs = new Dictionary<(string, string), int>();
        foreach (var (parts, count) in words)
        {
            for (var i = 0; i + 1 < parts.Count; i++)
            {
                pairs[(parts[i], parts[i + 1])] = pairs.GetValueOrDefault((parts[i], parts[i + 1])) + count;
            }
        }

        var best = pairs.Where(pair => pair.Value > 1).OrderByDescending(pair => pair.Value)
            .ThenBy(pair => pair.Key.Item1 + " " + pair.Key.Item2, StringComparer.Ordinal).Select(pair => pair.Key);
        return best.Select(pair => ((string, string)?)pair).FirstOrDefault();
    }

    private static char[] MakeByteLetters()
    {
        var letters = new char[256];
        var next = 256;
        for (var b = 0; b < 256; b++)
        {
            var printable = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            letters[b] = printable ? (char)b : (char)next++;
        }

        return letters;
    }

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Word();
}
