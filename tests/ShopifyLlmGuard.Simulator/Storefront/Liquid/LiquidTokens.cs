using System.Text.RegularExpressions;

namespace ShopifyLlmGuard.Simulator.Storefront.Liquid;

internal enum LiquidPart
{
    Text,
    Output,
    Tag,
}

/// <summary>Text between the marks, or what stands inside <c>{{ }}</c> or <c>{% %}</c>; a tag's first word is its name.</summary>
internal sealed record LiquidToken(LiquidPart Part, string Text, int Line)
{
    public string Name => Text.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries) is [var name, ..] ? name : "";

    /// <summary>What follows the name.</summary>
    public string Markup => Text.TrimStart()[Name.Length..];
}

/// <summary>Cuts a file into text, outputs and tags: whitespace control, comments and <c>{% liquid %}</c> are done here.</summary>
internal static partial class LiquidTokens
{
    public static IReadOnlyList<LiquidToken> Read(LiquidSource source)
    {
        var tokens = new List<LiquidToken>();
        var (text, at, trim) = (source.Text, 0, false);
        while (at < text.Length)
        {
            var mark = Mark().Match(text, at);
            AddText(tokens, text[at..(mark.Success ? mark.Index : text.Length)], trim, mark.Groups["before"].Length > 0, LineAt(text, at));
            if (!mark.Success)
            {
                Refuse(source, text, at);
                break;
            }

            Refuse(source, text[..mark.Index], at);
            var line = LineAt(text, mark.Groups["inside"].Index);
            at = mark.Index + mark.Length;
            trim = mark.Groups["after"].Length > 0;
            if (mark.Value[1] == '{')
            {
                tokens.Add(new(LiquidPart.Output, mark.Groups["inside"].Value, line));
                continue;
            }

            at = AddTag(tokens, source, new(LiquidPart.Tag, mark.Groups["inside"].Value, line), at);
        }

        return tokens;
    }

    private static int AddTag(List<LiquidToken> tokens, LiquidSource source, LiquidToken tag, int at)
    {
        switch (tag.Name)
        {
            case var comment when comment.StartsWith('#'):
                return at;
            case "comment" or "doc" or "raw":
                var end = Regex.Match(source.Text[at..], $@"\{{%-?\s*end{tag.Name}\s*-?%\}}");
                if (!end.Success)
                {
                    throw new LiquidError(source.Name, tag.Line, $"'{tag.Name}' is never closed.");
                }

                if (tag.Name == "raw")
                {
                    tokens.Add(new(LiquidPart.Text, source.Text.Substring(at, end.Index), tag.Line));
                }

                return at + end.Index + end.Length;
            case "liquid":
                tokens.AddRange(tag.Text.Split('\n').Select((line, index) => new LiquidToken(LiquidPart.Tag, line.Trim(), tag.Line + index))
                    .Select((line, index) => index == 0 ? line with { Text = line.Markup } : line)
                    .Where(line => line.Name is not "" && !line.Name.StartsWith('#')));
                return at;
            default:
                tokens.Add(tag);
                return at;
        }
    }

    private static void AddText(List<LiquidToken> tokens, string text, bool trimStart, bool trimEnd, int line)
    {
        text = trimStart ? text.TrimStart() : text;
        text = trimEnd ? text.TrimEnd() : text;
        if (text.Length > 0)
        {
            tokens.Add(new(LiquidPart.Text, text, line));
        }
    }

    // An opening mark that nothing closes would otherwise be printed as text.
    private static void Refuse(LiquidSource source, string text, int from)
    {
        var open = Opening().Match(text, from);
        if (open.Success)
        {
            throw new LiquidError(source.Name, LineAt(text, open.Index), $"'{open.Value}' is never closed.");
        }
    }

    private static int LineAt(string text, int index) => 1 + text.AsSpan(0, index).Count('\n');

    [GeneratedRegex(@"\{\{(?<before>-?)(?<inside>.*?)(?<after>-?)\}\}|\{%(?<before>-?)(?<inside>.*?)(?<after>-?)%\}", RegexOptions.Singleline)]
    private static partial Regex Mark();

    [GeneratedRegex(@"\{\{|\{%")]
    private static partial Regex Opening();
}
