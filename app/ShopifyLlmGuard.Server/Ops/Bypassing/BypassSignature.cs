using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ShopifyLlmGuard.Server.Ops.Bypassing;

/// <summary>
/// The proof of a message: <c>X-Guard-Timestamp</c> (Unix seconds, which may have a fraction) and <c>X-Guard-Signature</c>,
/// <c>v1=</c> and the hex HMAC-SHA256 over timestamp, a full stop and the raw body; several, with commas, while a secret changes.
/// </summary>
internal static class BypassSignature
{
    public const string Header = "X-Guard-Signature";
    public const string TimestampHeader = "X-Guard-Timestamp";
    private const string Version = "v1=";
    private const int MostSignatures = 8;

    public static string Timestamp(DateTimeOffset moment) =>
        ((moment - DateTimeOffset.UnixEpoch).Ticks / (decimal)TimeSpan.TicksPerSecond).ToString("0.000000", CultureInfo.InvariantCulture);

    public static string Of(byte[] key, string timestamp, ReadOnlySpan<byte> body) =>
        Version + Convert.ToHexStringLower(HMACSHA256.HashData(key, Signed(timestamp, body)));

    /// <summary>With every key, for servers of which each may know only some.</summary>
    public static string Of(IEnumerable<byte[]> keys, string timestamp, ReadOnlySpan<byte> body)
    {
        List<string> signatures = [];
        foreach (var key in keys.Take(MostSignatures))
        {
            signatures.Add(Of(key, timestamp, body));
        }

        return string.Join(',', signatures);
    }

    /// <summary>Whether the time is one that can fit: known before a byte of the body is.</summary>
    public static bool IsRecent(string? timestamp, DateTimeOffset now, TimeSpan window) =>
        Moment(timestamp) is { } moment && (now - moment).Duration() <= window;

    /// <summary>When it was signed; null when the time or every signature is wrong.</summary>
    /// <param name="body">The raw bytes.</param>
    /// <param name="timestamp">The header, if it came once.</param>
    /// <param name="signatures">The header, if it came once.</param>
    /// <param name="keys">All keys that are good.</param>
    /// <param name="now">The present.</param>
    /// <param name="window">How far from it the time may be.</param>
    public static DateTimeOffset? Verify(
        ReadOnlySpan<byte> body, string? timestamp, string? signatures, IEnumerable<byte[]> keys, DateTimeOffset now, TimeSpan window)
    {
        if (Moment(timestamp) is not { } moment || (now - moment).Duration() > window)
        {
            return null;
        }

        var given = (signatures ?? "").Split(',', StringSplitOptions.TrimEntries).Take(MostSignatures).Select(text => Encoding.ASCII.GetBytes(text)).ToList();
        var fits = false;
        foreach (var key in keys)
        {
            var right = Encoding.ASCII.GetBytes(Of(key, timestamp!, body));
            given.ForEach(signature => fits |= CryptographicOperations.FixedTimeEquals(right, signature));
        }

        return fits ? moment : null;
    }

    private static byte[] Signed(string timestamp, ReadOnlySpan<byte> body) => [.. Encoding.ASCII.GetBytes(timestamp), (byte)'.', .. body];

    private static DateTimeOffset? Moment(string? text) =>
        text is { Length: > 0 and <= 24 } && decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds < 10_000_000_000
            ? DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond))
            : null;
}
