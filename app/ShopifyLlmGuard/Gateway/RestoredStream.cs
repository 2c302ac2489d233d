using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Privacy;

namespace ShopifyLlmGuard.Gateway;

/// <summary>Puts redacted values back into an answer that comes in parts; a placeholder may be cut in two by them.</summary>
internal sealed class RestoredStream
{
    // {number-9999}
    private const int LongestPlaceholder = 16;
    private string held = "";

    public Redactor Redactor { get; } = new();

    /// <summary>What the caller may have now.</summary>
    public IEnumerable<AnswerPart> Take(AnswerPart part)
    {
        var ready = part switch
        {
            AnswerPart.Text text => Push(text.Value),
            AnswerPart.Began => "",
            _ => Rest(),
        };
        if (ready.Length > 0)
        {
            yield return new AnswerPart.Text(ready);
        }

        if (part is not AnswerPart.Text)
        {
            yield return part;
        }
    }

    private string Push(string text)
    {
        held += text;
        var open = held.LastIndexOf('{');
        var cut = open >= 0 && held.Length - open < LongestPlaceholder && !held.AsSpan(open).Contains('}') ? open : held.Length;
        var ready = Redactor.Restore(held[..cut]);
        held = held[cut..];
        return ready;
    }

    private string Rest()
    {
        var rest = held;
        held = "";
        return rest;
    }
}
