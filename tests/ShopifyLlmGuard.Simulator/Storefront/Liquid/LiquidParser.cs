using System.Text.Encodings.Web;
using Fluid;
using Fluid.Ast;
using Fluid.Parser;

namespace ShopifyLlmGuard.Simulator.Storefront.Liquid;

/// <summary>A tag that a dialect adds; it may read a block up to <c>end…</c>.</summary>
internal delegate Statement ExtraTag(LiquidMarkup markup, Func<IReadOnlyList<Statement>> block);

/// <summary>What a Liquid file may say, and what <c>{% render %}</c> does there.</summary>
/// <param name="Where">How an error calls the place: "the theme", "an app block".</param>
/// <param name="Filters">Names of filters.</param>
/// <param name="Tags">Tags besides Liquid's own.</param>
/// <param name="Render">Writes a snippet with its named values.</param>
internal sealed record LiquidDialect(
    string Where, IReadOnlySet<string> Filters, IReadOnlyDictionary<string, ExtraTag> Tags,
    Func<string, IReadOnlyList<(string Name, object? Value)>, TextWriter, TemplateContext, Task> Render);

/// <summary>
/// Reads a file into Fluid's statements. Fluid has a parser of its own, but it forgets the line numbers, lets unknown filters
/// pass and needs a Parlot 1.5, which not every feed has; what the statements do when they run stays Fluid's.
/// </summary>
internal sealed class LiquidParser(LiquidSource source, LiquidDialect dialect)
{
    private readonly IReadOnlyList<LiquidToken> tokens = LiquidTokens.Read(source);
    private int at;

    public FluidTemplate Whole()
    {
        var statements = Until();
        return at == tokens.Count ? new FluidTemplate(statements)
            : throw Wrong(tokens[at], $"The tag '{tokens[at].Name}' does not belong here.");
    }

    // Reads on until one of these tags, which stays unread.
    private List<Statement> Until(params string[] ends)
    {
        var statements = new List<Statement>();
        for (; at < tokens.Count; at++)
        {
            var token = tokens[at];
            if (token.Part == LiquidPart.Text)
            {
                statements.Add(new TextSpanStatement(token.Text));
            }
            else if (token.Part == LiquidPart.Output)
            {
                statements.Add(On(token, new OutputStatement(Only(Markup(token, token.Text), markup => markup.Filtered()))));
            }
            else if (ends.Contains(token.Name) || token.Name is "else" or "elsif" or "when" || token.Name.StartsWith("end", StringComparison.Ordinal))
            {
                break;
            }
            else
            {
                statements.Add(On(token, Tag(token)));
            }
        }

        return statements;
    }

    private Statement Tag(LiquidToken tag)
    {
        var markup = Markup(tag, tag.Markup);
        var statement = tag.Name switch
        {
            "assign" => Assign(markup),
            "echo" => new OutputStatement(markup.Filtered()),
            "break" => new BreakStatement(),
            "continue" => new ContinueStatement(),
            "render" => Render(markup),
            "capture" => new CaptureStatement(markup.Identifier(), Block(tag)),
            "if" => If(tag, markup.Condition()),
            "unless" => Unless(tag, markup.Condition()),
            "case" => Case(tag, markup.Value()),
            "for" => For(tag, markup),
            _ => dialect.Tags.TryGetValue(tag.Name, out var extra) ? extra(markup, () => Block(tag))
                : throw Wrong(tag, $"The tag '{tag.Name}' does not exist in {dialect.Where}."),
        };
        markup.End();
        return statement;
    }

    private static AssignStatement Assign(LiquidMarkup markup)
    {
        var name = markup.Identifier();
        markup.Expect("=");
        return new(name, markup.Filtered());
    }

    private CallbackStatement Render(LiquidMarkup markup)
    {
        var (snippet, arguments) = (markup.Quoted(), markup.Take(",") ? markup.Arguments(named: true) : []);
        return new(async (writer, _, context) =>
        {
            var values = new List<(string, object?)>();
            foreach (var argument in arguments)
            {
                values.Add((argument.Name, await argument.Expression.EvaluateAsync(context)));
            }

            await dialect.Render(snippet, values, writer, context);
            return Completion.Normal;
        });
    }

    private IfStatement If(LiquidToken tag, Expression condition)
    {
        var (statements, others) = (Branch(), new List<ElseIfStatement>());
        while (at < tokens.Count && tokens[at].Name == "elsif")
        {
            var other = Only(Markup(tokens[at], tokens[at].Markup), markup => markup.Condition());
            others.Add(new(other, Branch()));
        }

        var otherwise = Else();
        Close(tag);
        return new(condition, statements, otherwise, others);
    }

    private UnlessStatement Unless(LiquidToken tag, Expression condition)
    {
        var (statements, otherwise) = (Branch(), Else());
        Close(tag);
        return new(condition, statements, otherwise);
    }

    private CaseStatement Case(LiquidToken tag, Expression value)
    {
        var whens = new List<WhenStatement>();
        Branch();
        while (at < tokens.Count && tokens[at].Name == "when")
        {
            var options = Only(Markup(tokens[at], tokens[at].Markup), markup =>
            {
                var values = new List<Expression> { markup.Value() };
                while (markup.Take(",") || markup.Take("or"))
                {
                    values.Add(markup.Value());
                }

                return values;
            });
            whens.Add(new(options, Branch()));
        }

        var otherwise = Else();
        Close(tag);
        return new(value, otherwise, [.. whens]);
    }

    private ForStatement For(LiquidToken tag, LiquidMarkup markup)
    {
        var name = markup.Identifier();
        markup.Expect("in");
        var items = markup.Value();
        var (reversed, limit, offset) = (false, (Expression?)null, (Expression?)null);
        while (true)
        {
            if (markup.Take("reversed"))
            {
                reversed = true;
            }
            else if (markup.Take("limit"))
            {
                markup.Expect(":");
                limit = markup.Value();
            }
            else if (markup.Take("offset"))
            {
                markup.Expect(":");
                offset = markup.Value();
            }
            else
            {
                break;
            }
        }

        var (statements, otherwise) = (Branch(), Else());
        Close(tag);
        return new(statements, name, items, limit, offset, reversed, otherwise);
    }

    private List<Statement> Block(LiquidToken tag)
    {
        var statements = Branch();
        Close(tag);
        return statements;
    }

    private List<Statement> Branch()
    {
        at++;
        return Until();
    }

    private ElseStatement? Else() => at < tokens.Count && tokens[at].Name == "else" ? new ElseStatement(Branch()) : null;

    private void Close(LiquidToken tag)
    {
        if (at >= tokens.Count || tokens[at].Name != "end" + tag.Name)
        {
            throw Wrong(tag, $"'{tag.Name}' is not closed by 'end{tag.Name}'.");
        }
    }

    private LiquidMarkup Markup(LiquidToken token, string text) => new(source.Name, token.Line, text, dialect.Filters);

    private static T Only<T>(LiquidMarkup markup, Func<LiquidMarkup, T> read)
    {
        var result = read(markup);
        markup.End();
        return result;
    }

    private OnLine On(LiquidToken token, Statement statement) => new(source.Name, token.Line, statement);

    private LiquidError Wrong(LiquidToken token, string complaint) => new(source.Name, token.Line, complaint);

    // Knows where its statement stands, so that an error while it runs can say so.
    private sealed class OnLine(string file, int line, Statement statement) : Statement
    {
        public override async ValueTask<Completion> WriteToAsync(TextWriter writer, TextEncoder encoder, TemplateContext context)
        {
            try
            {
                return await statement.WriteToAsync(writer, encoder, context);
            }
            catch (FluidException failure)
            {
                throw new LiquidError(file, line, failure.Message, failure);
            }
        }
    }
}
