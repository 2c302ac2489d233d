using System.Globalization;
using System.Text;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>
/// Turns into the prompt's tokens. Only the template's own words may become control tokens: it is rendered around
/// placeholders, its control tokens are looked up there, and everything else is tokenised as the plain text it is.
/// </summary>
internal sealed class PromptTemplate
{
    // Private-use characters stand around the contents' numbers while the template is rendered.
    private const char Opening = '\uE000';
    private const char Closing = '\uE001';

    private readonly ILlmModel _model;
    private readonly SpecialToken[] _specials;
    private readonly string[] _disguises;
    private readonly bool _trims;

    private PromptTemplate(ILlmModel model)
    {
        _model = model;
        // The longest first, as llama.cpp looks for them.
        _specials = [.. model.SpecialTokens.OrderByDescending(special => special.Text.Length).ThenBy(special => special.Id)];
        ChatTurn[] every = [new("system", ""), new("user", ""), new("assistant", ""), new("user", "")];
        var used = Pieces(every).Select(piece => piece.Special?.Id).ToHashSet();
        _disguises = [.. _specials
            .Where(special => special.IsPlainText && (used.Contains(special.Id) || model.IsEndOfGeneration(special.Id)))
            .Select(special => special.Text)];
        _trims = !(model.ApplyTemplate([new ChatTurn("user", $" {Opening} ")]) ?? "").Contains($" {Opening} ", StringComparison.Ordinal);
    }

    /// <exception cref="ModelLoadException">llama.cpp does not know the model's template, or it loses what was said.</exception>
    public static PromptTemplate Of(ILlmModel model) => new(model);

    /// <summary>The prompt for the turns, up to where the assistant's next words begin.</summary>
    public int[] Render(IReadOnlyList<ChatTurn> turns)
    {
        var tokens = new List<int>();
        var run = new StringBuilder();
        foreach (var piece in Pieces(turns))
        {
            if (piece.Special is not { } special)
            {
                run.Append(piece.Text);
                continue;
            }

            Flush(run, tokens);
            tokens.Add(special.Id);
        }

        Flush(run, tokens);
        if (_model.LeadingToken is { } first && (tokens.Count == 0 || tokens[0] != first))
        {
            tokens.Insert(0, first);
        }

        return [.. tokens];
    }

    private void Flush(StringBuilder run, List<int> tokens)
    {
        foreach (var part in Harmless(run.ToString()))
        {
            tokens.AddRange(_model.Tokenize(part));
        }

        run.Clear();
    }

    // A user-defined token is found in plain text too, so a text that spells one of the template's is cut inside it.
    private IEnumerable<string> Harmless(string text)
    {
        var start = 0;
        while (Next() is var at and >= 0)
        {
            var end = at + (char.IsHighSurrogate(text[at]) ? 2 : 1);
            yield return text[start..end];
            start = end;
        }

        yield return text[start..];

        int Next() => _disguises
            .Select(disguise => text.IndexOf(disguise, start, StringComparison.Ordinal))
            .Where(found => found >= 0)
            .DefaultIfEmpty(-1)
            .Min();
    }

    private List<Piece> Pieces(IReadOnlyList<ChatTurn> turns)
    {
        var placeholders = turns.Select((turn, index) => turn with { Content = $"{Opening}{index}{Closing}" }).ToArray();
        var rendered = _model.ApplyTemplate(placeholders)
            ?? throw new ModelLoadException("its chat template is missing, or not one that llama.cpp knows");
        var pieces = new List<Piece>();
        var at = 0;
        for (var index = 0; index < turns.Count; index++)
        {
            var placeholder = placeholders[index].Content;
            var found = rendered.IndexOf(placeholder, at, StringComparison.Ordinal);
            if (found < 0)
            {
                throw new ModelLoadException(string.Create(
                    CultureInfo.InvariantCulture, $"its chat template loses or reorders what was said (turn {index + 1})"));
            }

            pieces.AddRange(Control(rendered[at..found]));
            pieces.Add(new Piece(_trims ? turns[index].Content.Trim() : turns[index].Content, null));
            at = found + placeholder.Length;
        }

        pieces.AddRange(Control(rendered[at..]));
        return pieces;
    }

    private IEnumerable<Piece> Control(string text)
    {
        IEnumerable<Piece> pieces = [new Piece(text, null)];
        return _specials
            .Where(special => text.Contains(special.Text, StringComparison.Ordinal))
            .Aggregate(pieces, (all, special) => [.. all.SelectMany(piece => piece.CutAt(special))]);
    }

    private sealed record Piece(string Text, SpecialToken? Special)
    {
        public IEnumerable<Piece> CutAt(SpecialToken special)
        {
            if (Special is not null)
            {
                yield return this;
                yield break;
            }

            var parts = Text.Split(special.Text);
            for (var index = 0; index < parts.Length; index++)
            {
                var part = special.StripsAfter && index > 0 ? parts[index].TrimStart() : parts[index];
                yield return new Piece(special.StripsBefore && index < parts.Length - 1 ? part.TrimEnd() : part, null);
                if (index < parts.Length - 1)
                {
                    yield return new Piece(special.Text, special);
                }
            }
        }
    }
}
