using System.Globalization;
using System.Text;

namespace ShopifyLlmGuard.Inference.Api.Structure;

/// <summary>The rules that all JSON answers are made of. Every length is bounded, except where the caller leaves it open.</summary>
internal sealed class JsonWords(Gbnf grammar)
{
    /// <summary>How deep an object without a schema may be.</summary>
    private const int FreeDepth = 8;

    // A lone surrogate is no character: neither as such nor as \uD800.
    private const string PlainCharacter = @"[\x20-\x21\x23-\x5B\x5D-\x7E\u0080-\uD7FF\uE000-\U0010FFFF]";
    private const string EscapedCharacter =
        @"""\\"" ([\x22\x5C/bfnrt] | ""u"" ([0-9A-CE-Fa-ce-f] [0-9A-Fa-f]{3} | [Dd] [0-7] [0-9A-Fa-f]{2}))";

    private readonly string _space = grammar.Rule(" | \" \"");
    private readonly string _character = grammar.Rule($"{PlainCharacter} | {EscapedCharacter}");

    public Gbnf Grammar => grammar;

    /// <summary>What follows a comma or a colon: nothing or one space.</summary>
    public string Space => _space;

    public string Boolean => grammar.Rule("\"true\" | \"false\"");

    public string Null => grammar.Rule("\"null\"");

    /// <summary>Up to 15 digits: every number that a double holds exactly.</summary>
    public string Integer => grammar.Rule("( | \"-\") (\"0\" | [1-9] [0-9]{0,14})");

    public string Number => grammar.Rule($"{Integer} ( | \".\" [0-9]{{1,15}}) ( | [eE] ( | [+-]) [0-9]{{1,2}})");

    public string Text(int least, int? most) =>
        grammar.Rule($"\"\\\"\" {grammar.Repeat(_character, least, most)} \"\\\"\"");

    /// <summary>A list whose items are <paramref name="item"/>.</summary>
    public string List(string item, int least, int? most)
    {
        if (most == 0)
        {
            return grammar.Rule("\"[]\"");
        }

        var next = grammar.Rule($"\",\" {_space} {item}");
        var items = $"{item} {grammar.Repeat(next, Math.Max(least - 1, 0), most - 1)}";
        return grammar.Rule($"\"[\" {(least == 0 ? $"( | {items})" : items)} \"]\"");
    }

    /// <summary>Any JSON object, up to a depth that the model cannot lose itself in.</summary>
    public string AnyObject()
    {
        var text = Text(0, null);
        var scalar = grammar.Rule($"{text} | {Number} | {Boolean} | {Null}");
        var value = scalar;
        var anyObject = "";
        for (var depth = 0; depth < FreeDepth; depth++)
        {
            var property = grammar.Rule($"{text} \":\" {_space} {value}");
            var next = grammar.Rule($"\",\" {_space} {property}");
            anyObject = grammar.Rule($"\"{{\" ( | {property} {grammar.Repeat(next, 0, null)}) \"}}\"");
            value = grammar.Rule($"{scalar} | {anyObject} | {List(value, 0, null)}");
        }

        return anyObject;
    }

    /// <summary>A text as JSON writes it, with no more escapes than it must have.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var character in text)
        {
            _ = character switch
            {
                '"' or '\\' => quoted.Append('\\').Append(character),
                < ' ' or '\x7F' => quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                _ => quoted.Append(character),
            };
        }

        return quoted.Append('"').ToString();
    }
}
