using System.Globalization;
using System.Text.RegularExpressions;
using Fluid.Ast;
using Fluid.Ast.BinaryExpressions;
using Fluid.Values;

namespace ShopifyLlmGuard.Simulator.Storefront.Liquid;

/// <summary>Reads what stands inside one output or tag into Fluid's expressions. No parentheses, no guessing: as Shopify's strict parser.</summary>
internal sealed partial class LiquidMarkup(string file, int line, string markup, IReadOnlySet<string> filters)
{
    private readonly Match[] words = [.. Word().Matches(markup).Where(word => word.Value.Trim().Length > 0)];
    private int at;

    private string? Next => at < words.Length ? words[at].Value : null;

    /// <summary>An expression, perhaps with filters behind it.</summary>
    public Expression Filtered()
    {
        var value = Value();
        while (Take("|"))
        {
            var name = Identifier();
            if (!filters.Contains(name))
            {
                throw Wrong($"The filter '{name}' does not exist.");
            }

            value = new FilterExpression(value, name, Take(":") ? Arguments() : []);
        }

        return value;
    }

    /// <summary>Comparisons joined by <c>and</c> and <c>or</c>, which Liquid reads from right to left.</summary>
    public Expression Condition()
    {
        var left = Comparison();
        return Next switch
        {
            "and" when Take("and") => new AndBinaryExpression(left, Condition()),
            "or" when Take("or") => new OrBinaryExpression(left, Condition()),
            _ => left,
        };
    }

    public Expression Value()
    {
        var word = Next ?? throw Wrong("Something is missing at the end.");
        if (word[0] is '\'' or '"')
        {
            at++;
            return new LiteralExpression(StringValue.Create(word[1..^1]));
        }

        if (char.IsDigit(word[0]) || (word[0] == '-' && word.Length > 1))
        {
            at++;
            return new LiteralExpression(NumberValue.Create(decimal.Parse(word, CultureInfo.InvariantCulture)));
        }

        if (Take("("))
        {
            var from = Value();
            Expect("..");
            var to = Value();
            Expect(")");
            return new RangeExpression(from, to);
        }

        return Keyword(word) is { } keyword && ++at > 0 ? new LiteralExpression(keyword) : Member();
    }

    /// <summary><c>name: value, name: value</c>, or plain values where <paramref name="named"/> is false.</summary>
    public IReadOnlyList<FilterArgument> Arguments(bool named = false)
    {
        var arguments = new List<FilterArgument>();
        do
        {
            var isNamed = at + 1 < words.Length && words[at + 1].Value == ":" && words[at].Value[0] is not ('\'' or '"');
            if (named && !isNamed)
            {
                throw Wrong("An argument needs a name here.");
            }

            var name = isNamed ? Identifier() : null;
            if (isNamed)
            {
                Expect(":");
            }

            arguments.Add(new(name, Value()));
        }
        while (Take(","));
        return arguments;
    }

    public string Identifier() => Next is { } word && (char.IsLetter(word[0]) || word[0] == '_')
        ? words[at++].Value : throw Wrong($"A name was expected instead of '{Next}'.");

    /// <summary>The content of a quoted word.</summary>
    public string Quoted() => Next is { } word && word[0] is '\'' or '"'
        ? words[at++].Value[1..^1] : throw Wrong("A quoted name was expected.");

    public bool Take(string word)
    {
        if (Next != word)
        {
            return false;
        }

        at++;
        return true;
    }

    public void Expect(string word)
    {
        if (!Take(word))
        {
            throw Wrong($"'{word}' was expected instead of '{Next}'.");
        }
    }

    public void End()
    {
        if (Next is not null)
        {
            throw Wrong($"'{Next}' was not expected.");
        }
    }

    public LiquidError Wrong(string complaint)
    {
        var index = at < words.Length ? words[at].Index : markup.Length;
        return new(file, line + markup.AsSpan(0, index).Count('\n'), complaint);
    }

    private Expression Comparison()
    {
        var left = Value();
        var word = Next;
        switch (word)
        {
            case "==" or "!=" or "<>" or ">" or "<" or ">=" or "<=" or "contains":
                at++;
                var right = Value();
                return word switch
                {
                    "==" => new EqualBinaryExpression(left, right),
                    ">" => new GreaterThanBinaryExpression(left, right, true),
                    "<" => new LowerThanBinaryExpression(left, right, true),
                    ">=" => new GreaterThanBinaryExpression(left, right, false),
                    "<=" => new LowerThanBinaryExpression(left, right, false),
                    "contains" => new ContainsBinaryExpression(left, right),
                    _ => new NotEqualBinaryExpression(left, right),
                };
            default:
                return left;
        }
    }

    private MemberExpression Member()
    {
        var segments = new List<MemberSegment> { new IdentifierSegment(Identifier()) };
        while (true)
        {
            if (Take("."))
            {
                segments.Add(new IdentifierSegment(Identifier()));
            }
            else if (Take("["))
            {
                segments.Add(new IndexerSegment(Value()));
                Expect("]");
            }
            else
            {
                return new MemberExpression(segments);
            }
        }
    }

    private static FluidValue? Keyword(string word) => word switch
    {
        "true" => BooleanValue.True,
        "false" => BooleanValue.False,
        "nil" or "null" => NilValue.Instance,
        "blank" => BlankValue.Instance,
        "empty" => EmptyValue.Instance,
        _ => null,
    };

    [GeneratedRegex(@"'[^']*'|""[^""]*""|-?\d+\.\d+|-?\d+|[A-Za-z_][\w-]*\??|\.\.|==|!=|<>|<=|>=|\s+|.", RegexOptions.Singleline)]
    private static partial Regex Word();
}
