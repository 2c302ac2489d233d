using System.Text;

namespace ShopifyLlmGuard.Inference.Engine.Scheduling;

/// <summary>
/// Sees a stop text end in a stream of bytes, whatever tokens it comes in (Knuth, Morris and Pratt). Allocates nothing
/// per token; the text before it is <see cref="AnswerText"/>'s business.
/// </summary>
internal sealed class StopScan(IReadOnlyList<string> stops)
{
    private readonly Pattern[] _patterns = [.. stops.Select(stop => new Pattern(Encoding.UTF8.GetBytes(stop)))];

    /// <summary>True when a stop text ended within these bytes.</summary>
    public bool Add(ReadOnlySpan<byte> bytes)
    {
        var found = false;
        foreach (var pattern in _patterns)
        {
            found |= pattern.Add(bytes);
        }

        return found;
    }

    private sealed class Pattern(byte[] bytes)
    {
        private readonly int[] _borders = BordersOf(bytes);
        private int _matched;

        public bool Add(ReadOnlySpan<byte> more)
        {
            foreach (var each in more)
            {
                while (_matched > 0 && bytes[_matched] != each)
                {
                    _matched = _borders[_matched - 1];
                }

                if (bytes[_matched] == each && ++_matched == bytes.Length)
                {
                    _matched = 0;
                    return true;
                }
            }

            return false;
        }

        // For each beginning, the length of its longest proper end that is also a beginning.
        private static int[] BordersOf(byte[] bytes)
        {
            var borders = new int[bytes.Length];
            for (var (at, length) = (1, 0); at < bytes.Length; borders[at++] = length)
            {
                while (length > 0 && bytes[at] != bytes[length])
                {
                    length = borders[length - 1];
                }

                length += bytes[at] == bytes[length] ? 1 : 0;
            }

            return borders;
        }
    }
}
