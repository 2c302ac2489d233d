using System.Globalization;
using System.Text;

namespace ShopifyLlmGuard.Inference.Api.Structure;

/// <summary>
/// Writes a grammar in llama.cpp's GBNF, and keeps it within what llama.cpp parses in milliseconds. Rules are named by
/// number, texts are escaped to ASCII, and equal rules are one: nothing that a caller sends is copied into it as it is.
/// </summary>
internal sealed class Gbnf
{
    /// <summary>How often one symbol may be repeated at most; llama.cpp's own bound.</summary>
    public const int MostRepeats = 2000;

    private const int MostRules = 4_000;
    private const int MostCharacters = 256 * 1024;

    // Every counted repeat becomes a rule inside llama.cpp.
    private const int MostRepeatsTogether = 10_000;

    private readonly Dictionary<string, string> _names = [];
    private readonly StringBuilder _rules = new();
    private int _repeats;

    /// <summary>Adds a rule, or finds the one with the same body, and returns its name.</summary>
    public string Rule(string body)
    {
        if (_names.TryGetValue(body, out var name))
        {
            return name;
        }

        name = string.Create(CultureInfo.InvariantCulture, $"r{_names.Count}");
        _names.Add(body, name);
        _rules.Append(name).Append(" ::= ").Append(body).Append('\n');
        return _names.Count <= MostRules && _rules.Length <= MostCharacters
            ? name
            : throw new StructureException("", "is too large");
    }

    /// <summary>A symbol, repeated; <paramref name="most"/> null is without end.</summary>
    public string Repeat(string symbol, int least, int? most)
    {
        var body = string.Create(CultureInfo.InvariantCulture, $"{symbol}{{{least},{most}}}");
        if (!_names.ContainsKey(body) && (_repeats += most ?? least) > MostRepeatsTogether)
        {
            throw new StructureException("", $"has lengths that add up to more than {MostRepeatsTogether}");
        }

        return Rule(body);
    }

    /// <summary>The whole grammar, with the start rule that llama.cpp is told of.</summary>
    public string Start(string body) => $"root ::= {body}\n{_rules}";

    /// <summary>A text that must appear as it is.</summary>
    public static string Literal(string text)
    {
        var literal = new StringBuilder(text.Length + 2).Append('"');
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '"' or '\\' => literal.Append('\\').Append((char)rune.Value),
                >= ' ' and <= '~' => literal.Append((char)rune.Value),
                _ => literal.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:X8}"),
            };
        }

        return literal.Append('"').ToString();
    }
}

/// <summary>A structure cannot be kept to; the message says what is wrong with the place.</summary>
/// <param name="path">The place, below the field that holds the structure.</param>
/// <param name="message">The end of a sentence about it.</param>
internal sealed class StructureException(string path, string message) : Exception(message)
{
    public string Path => path;
}
