using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ShopifyLlmGuard.Incidents.Formats;
using ShopifyLlmGuard.Incidents.Rules;

namespace ShopifyLlmGuard.Server.Trust;

/// <summary>
/// Whether a delivery shows what its source must show. Every active secret is tried, in the same time whichever fits. What each source
/// signs: PagerDuty the body, as a list of <c>v1=hex</c>; Grafana the body as hex, or <c>unix-seconds:body</c> when a timestamp header is
/// configured (grafana/alerting http/hmac.go); the guard's own format <c>unix-seconds:body</c>, as <c>v1=hex</c>.
/// </summary>
internal static class SourceSecrets
{
    /// <summary>How far a signed time may be from ours.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    private const int MostSignatures = 8;

    /// <summary>Whether the headers alone prove it; of a signature, whether it can fit at all before the body is read.</summary>
    public static bool MayFit(string source, SourceProof proof, IHeaderDictionary headers, DateTimeOffset now) => proof.Kind switch
    {
        ProofKind.Bearer => Shown(headers.Authorization.ToString(), "Bearer ") is { } token && Any(proof.Secrets, secret => secret, token),
        ProofKind.Basic => Shown(headers.Authorization.ToString(), "Basic ") is { } pair
            && Any(proof.Secrets, secret => Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)), pair),
        ProofKind.Header => headers[proof.Header] is [{ Length: > 0 } shown] && Any(proof.Secrets, secret => secret, shown),
        _ => Given(source, proof, headers).Count > 0 && (proof.TimestampHeader is null || (SignedAt(proof, headers) is { } time && IsRecent(time, now))),
    };

    /// <summary>The time that is signed along, as it is written; null where none is.</summary>
    public static string? SignedAt(SourceProof proof, IHeaderDictionary headers) =>
        proof.Kind == ProofKind.Signature && proof.TimestampHeader is { } name && headers[name] is [{ Length: > 0 and < 20 } text] ? text : null;

    /// <summary>Whether a signature fits the raw bytes.</summary>
    public static bool IsSigned(string source, SourceProof proof, IHeaderDictionary headers, ReadOnlySpan<byte> body)
    {
        var given = Given(source, proof, headers);
        byte[] signed = [.. Encoding.UTF8.GetBytes(SignedAt(proof, headers) is { } time ? $"{time}:" : ""), .. body];
        var fits = false;
        foreach (var secret in proof.Secrets)
        {
            var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed);
            given.ForEach(signature => fits |= CryptographicOperations.FixedTimeEquals(expected, signature));
        }

        return fits;
    }

    private static string? Shown(string header, string scheme) =>
        header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? header[scheme.Length..].Trim() : null;

    private static bool Any(IEnumerable<string> secrets, Func<string, string> expected, string shown)
    {
        var given = SHA256.HashData(Encoding.UTF8.GetBytes(shown));
        var fits = false;
        foreach (var secret in secrets)
        {
            fits |= CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(expected(secret))), given);
        }

        return fits;
    }

    private static List<byte[]> Given(string source, SourceProof proof, IHeaderDictionary headers) =>
    [
        .. headers[proof.Header].ToString().Split(',', StringSplitOptions.TrimEntries)
            .Select(part => Bytes(part, source == IncidentSources.Grafana ? "" : "v1=")).OfType<byte[]>().Take(MostSignatures),
    ];

    private static bool IsRecent(string text, DateTimeOffset now) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
        && Math.Abs(now.ToUnixTimeSeconds() - seconds) <= Window.TotalSeconds;

    private static byte[]? Bytes(string part, string version)
    {
        if (!part.StartsWith(version, StringComparison.Ordinal) || part.Length != version.Length + (2 * HMACSHA256.HashSizeInBytes))
        {
            return null;
        }

        var bytes = new byte[HMACSHA256.HashSizeInBytes];
        return Convert.FromHexString(part.AsSpan(version.Length), bytes, out _, out _) == System.Buffers.OperationStatus.Done ? bytes : null;
    }
}
