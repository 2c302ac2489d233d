using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace ShopifyLlmGuard.Compliance;

/// <summary>The bytes that a seal or a hash is made of: every field with its length, so that no two rows read the same. Pure.</summary>
internal static class Canonical
{
    private const int Usual = 512;

    /// <param name="kind">What kind of row it is, so that a seal of one kind never fits another.</param>
    /// <param name="fields">Everything that the row says; null is not the same as empty.</param>
    public static byte[] Of(string kind, IReadOnlyList<string?> fields)
    {
        var text = new ArrayBufferWriter<byte>(Usual);
        Write(text, kind);
        foreach (var field in fields)
        {
            Write(text, field);
        }

        return text.WrittenSpan.ToArray();
    }

    public static string? Number(IFormattable? number) => number?.ToString(null, CultureInfo.InvariantCulture);

    public static string? Bytes(byte[]? bytes) => bytes is null ? null : Convert.ToHexString(bytes);

    public static string? Moment(DateTimeOffset? moment) => Number(moment?.UtcTicks);

    private static void Write(ArrayBufferWriter<byte> text, string? field)
    {
        var length = field is null ? -1 : Encoding.UTF8.GetByteCount(field);
        BinaryPrimitives.WriteInt32LittleEndian(text.GetSpan(sizeof(int)), length);
        text.Advance(sizeof(int));
        Encoding.UTF8.GetBytes(field ?? "", text);
    }
}
