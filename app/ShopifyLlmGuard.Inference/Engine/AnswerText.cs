using System.Text;

namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>
/// Turns token bytes into text that can be sent: never half a character, never the beginning of a stop text,
/// and nothing behind a stop text.
/// </summary>
internal sealed class AnswerText(IReadOnlyList<string> stops)
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _held = new();

    /// <summary>True once a stop text has appeared; the answer ends before it.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>Adds a token's bytes and returns what may be sent now; may be empty.</summary>
    public string Add(ReadOnlySpan<byte> bytes) => Receive(bytes, isLast: false);

    /// <summary>Returns what was held back. An unfinished character becomes U+FFFD.</summary>
    public string End() => IsStopped ? "" : Receive([], isLast: true);

    private string Receive(ReadOnlySpan<byte> bytes, bool isLast)
    {
        Span<char> characters = stackalloc char[bytes.Length + 4];
        _held.Append(characters[.._decoder.GetChars(bytes, characters, isLast)]);
        var text = _held.ToString();
        var stop = stops.Select(each => text.IndexOf(each, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(-1).Min();
        IsStopped = stop >= 0;
        var sendable = IsStopped ? stop : isLast ? text.Length : text.Length - LongestBeginning(text);
        _held.Clear().Append(IsStopped ? "" : text[sendable..]);
        return text[..sendable];
    }

    // How much of the text's end could still become a stop text.
    private int LongestBeginning(string text)
    {
        var longest = 0;
        foreach (var stop in stops)
        {
            for (var length = Math.Min(stop.Length - 1, text.Length); length > longest; length--)
            {
                if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                {
                    longest = length;
                }
            }
        }

        return longest;
    }
}
