using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Server.Ops.Bypassing;

/// <summary>The keys of signed messages: all sign and any verifies, since not all servers change a secret at once. Read as they are configured, since the command line also runs where no server would start.</summary>
internal sealed class BypassKeys(IOptions<BypassOptions> options, IConfiguration configuration)
{
    /// <summary>Empty where neither a secret nor the servers' own key is configured.</summary>
    public IReadOnlyList<byte[]> All { get; } =
    [
        .. options.Value.Secrets.Select(Encoding.UTF8.GetBytes),
        .. new[] { configuration["Shopify:TokenKey"], configuration["Shopify:OldTokenKey"] }.Select(Derived).OfType<byte[]>(),
    ];

    private static byte[]? Derived(string? tokenKey)
    {
        var key = new byte[32];
        return Convert.TryFromBase64String(tokenKey ?? "", key, out var length) && length == key.Length
            ? HKDF.DeriveKey(HashAlgorithmName.SHA256, key, key.Length, info: "bypass messages"u8.ToArray())
            : null;
    }
}
