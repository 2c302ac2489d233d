using System.Globalization;

namespace ShopifyLlmGuard.Inference.Api.Structure;

/// <summary>
/// One of several texts, as a tree of their common beginnings: llama.cpp follows every alternative that is still
/// possible, for every token, so a thousand ids that begin alike must not be a thousand alternatives.
/// </summary>
internal static class Choices
{
    /// <summary>How many ways through a grammar may be open at once.</summary>
    public const int MostBranches = 64;

    /// <summary>A rule for exactly one of the texts.</summary>
    /// <param name="grammar">Gets the rule.</param>
    /// <param name="texts">At least one; none of them empty.</param>
    /// <param name="most">How many different characters may follow the same beginning.</param>
    public static string Write(Gbnf grammar, IEnumerable<string> texts, int most = MostBranches)
    {
        string[] sorted = [.. texts.Distinct().Order(StringComparer.Ordinal)];
        return Branch(grammar, sorted, 0, most);
    }

    // The texts are sorted and equal up to here; the shortest may end here.
    private static string Branch(Gbnf grammar, ReadOnlySpan<string> texts, int from, int most)
    {
        var alternatives = new List<string>();
        var end = 0;
        if (texts[0].Length == from)
        {
            alternatives.Add("");
            end = 1;
        }

        while (end < texts.Length)
        {
            var start = end;
            while (end < texts.Length && HaveSameCharacter(texts[start], texts[end], from))
            {
                end++;
            }

            alternatives.Add(Common(grammar, texts[start..end], from, most));
        }

        return alternatives.Count <= most
            ? grammar.Rule(string.Join(" | ", alternatives))
            : throw new StructureException("", string.Create(
                CultureInfo.InvariantCulture, $"has more than {most} different characters after the same beginning"));
    }

    private static string Common(Gbnf grammar, ReadOnlySpan<string> texts, int from, int most)
    {
        // The first and the last of a sorted list have in common what all have in common.
        var (first, last) = (texts[0], texts[^1]);
        var length = from;
        while (length < first.Length && HaveSameCharacter(first, last, length))
        {
            length += WidthAt(first, length);
        }

        var literal = Gbnf.Literal(first[from..length]);
        return texts.Length == 1 ? literal : $"{literal} {Branch(grammar, texts, length, most)}";
    }

    // A character outside the basic plane is two units that must stay together.
    private static bool HaveSameCharacter(string one, string other, int at) =>
        at < one.Length && at < other.Length
        && one.AsSpan(at, WidthAt(one, at)).SequenceEqual(other.AsSpan(at, Math.Min(WidthAt(one, at), other.Length - at)));

    private static int WidthAt(string text, int at) => char.IsHighSurrogate(text[at]) ? 2 : 1;
}
