using System.Text;

namespace ShopifyLlmGuard.Inference.Llama;

/// <summary>
/// What llama.cpp's grammar does not see: it takes a control token for the text that the vocabulary spells it with, reads
/// bytes that are no UTF-8 as characters, and lets an answer end inside a character.
/// </summary>
internal sealed class WrittenText(ILlmModel model)
{
    // The bytes of a character that is not whole yet.
    private readonly byte[] _tail = new byte[3];
    private int _tailLength;

    /// <summary>True when the answer stays whole UTF-8 with this token, which says what it is spelled like.</summary>
    public bool Allows(int token)
    {
        var bytes = model.TokenToBytes(token).Span;
        return bytes.IsEmpty ? _tailLength == 0 && model.IsEndOfGeneration(token)
            : _tailLength == 0 && Ascii.IsValid(bytes) || TailAfter(bytes, []) >= 0;
    }

    /// <summary>Goes on with a token that is allowed.</summary>
    public void Write(int token)
    {
        var bytes = model.TokenToBytes(token).Span;
        Span<byte> tail = stackalloc byte[3];
        _tailLength = Math.Max(TailAfter(bytes, tail), 0);
        tail[.._tailLength].CopyTo(_tail);
    }

    // How many bytes an unfinished character has then; -1 when there is none that begins so.
    private int TailAfter(ReadOnlySpan<byte> bytes, Span<byte> tail)
    {
        var length = _tailLength + bytes.Length;
        var text = length <= 256 ? stackalloc byte[length] : new byte[length];
        _tail.AsSpan(0, _tailLength).CopyTo(text);
        bytes.CopyTo(text[_tailLength..]);
        while (!text.IsEmpty)
        {
            switch (Rune.DecodeFromUtf8(text, out _, out var consumed))
            {
                case System.Buffers.OperationStatus.Done:
                    text = text[consumed..];
                    break;
                case System.Buffers.OperationStatus.NeedMoreData:
                    text[..Math.Min(text.Length, tail.Length)].CopyTo(tail);
                    return text.Length;
                default:
                    return -1;
            }
        }

        return 0;
    }
}
