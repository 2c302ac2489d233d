using System.Security.Cryptography;
using System.Text;

namespace ShopifyLlmGuard.Server.Trust;

/// <summary>A webhook's proof: base64 of HMAC-SHA256 over the body's raw bytes, before anybody parses them.</summary>
internal static class SignedBody
{
    public static bool IsSigned(ReadOnlySpan<byte> body, string? header, IEnumerable<string> secrets)
    {
        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (!Convert.TryFromBase64String(header ?? "", given, out var length) || length != given.Length)
        {
            return false;
        }

        var signed = false;
        foreach (var secret in secrets)
        {
            signed |= CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body), given);
        }

        return signed;
    }
}
