using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Compliance;

/// <summary>Section <c>Evidence</c>: what the residency evidence is sealed with.</summary>
public sealed class EvidenceOptions
{
    /// <summary>Base64 of 32 random bytes; without one, a key is derived from <c>Shopify:TokenKey</c>.</summary>
    public string? Key { get; set; }

    /// <summary>
    /// The keys before the last changes of keys, to verify what they sealed; optional. Where no key was set, an old
    /// <c>Shopify:TokenKey</c> stands for the one that was derived from it.
    /// </summary>
    public IList<string> OldKeys { get; } = [];
}

/// <summary>The keys that seal the evidence: the newest seals, all verify.</summary>
internal sealed class EvidenceKeys
{
    private readonly List<byte[]> keys;

    public EvidenceKeys(IOptions<EvidenceOptions> evidence, IOptions<TokenVaultOptions> tokens) => keys =
    [
        .. Given(evidence.Value.Key),
        .. Given(tokens.Value.TokenKey).Concat(Given(tokens.Value.OldTokenKey)).Select(Derived),
        .. evidence.Value.OldKeys.SelectMany(Given).SelectMany(key => (byte[][])[key, Derived(key)]),
    ];

    public EvidenceKeys(params byte[][] keys) => this.keys = [.. keys];

    public byte[] Newest => keys[0];

    public IReadOnlyList<byte[]> All => keys;

    private static byte[] Derived(byte[] tokenKey) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, tokenKey, 32, info: "residency evidence"u8.ToArray());

    private static IEnumerable<byte[]> Given(string? key) => string.IsNullOrEmpty(key) ? [] : [Convert.FromBase64String(key)];
}
