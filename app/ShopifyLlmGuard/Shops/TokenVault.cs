using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Shops;

/// <summary>Section <c>Shopify</c>, the part that encrypts stored tokens.</summary>
public sealed class TokenVaultOptions
{
    /// <summary>Base64 of 32 random bytes.</summary>
    public string TokenKey { get; set; } = "";

    /// <summary>The key before the last change of keys, to read what it wrote; optional.</summary>
    public string? OldTokenKey { get; set; }
}

/// <summary>Seals tokens with AES-GCM, bound to their shop: a row that is copied to another shop does not open.</summary>
/// <remarks>Layout: key id (4) | nonce (12) | tag (16) | ciphertext.</remarks>
public sealed class TokenVault
{
    private const int KeyIdLength = 4;
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private readonly List<(byte[] Id, byte[] Key)> keys;

    public TokenVault(IOptions<TokenVaultOptions> options) =>
        keys = [.. new[] { options.Value.TokenKey, options.Value.OldTokenKey }.OfType<string>().Where(key => key.Length > 0).Select(Read)];

    /// <summary>Encrypts with the newest key.</summary>
    public byte[] Seal(string shop, string token)
    {
        var (id, key) = keys[0];
        var plain = Encoding.UTF8.GetBytes(token);
        var box = new byte[KeyIdLength + NonceLength + TagLength + plain.Length];
        id.CopyTo(box, 0);
        var nonce = box.AsSpan(KeyIdLength, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key, TagLength);
        aes.Encrypt(
            nonce, plain, box.AsSpan(KeyIdLength + NonceLength + TagLength), box.AsSpan(KeyIdLength + NonceLength, TagLength),
            Encoding.UTF8.GetBytes(shop));
        return box;
    }

    /// <summary>Decrypts. Null when it was sealed for another shop, with a forgotten key, or changed since.</summary>
    public string? Open(string shop, byte[] box)
    {
        if (box.Length < KeyIdLength + NonceLength + TagLength ||
            keys.FirstOrDefault(key => key.Id.AsSpan().SequenceEqual(box.AsSpan(0, KeyIdLength))).Key is not { } found)
        {
            return null;
        }

        var plain = new byte[box.Length - KeyIdLength - NonceLength - TagLength];
        using var aes = new AesGcm(found, TagLength);
        try
        {
            aes.Decrypt(
                box.AsSpan(KeyIdLength, NonceLength), box.AsSpan(KeyIdLength + NonceLength + TagLength),
                box.AsSpan(KeyIdLength + NonceLength, TagLength), plain, Encoding.UTF8.GetBytes(shop));
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }

        return Encoding.UTF8.GetString(plain);
    }

    internal static bool IsKey(string text)
    {
        var bytes = new byte[64];
        return Convert.TryFromBase64String(text, bytes, out var length) && length == 32;
    }

    private static (byte[] Id, byte[] Key) Read(string text)
    {
        var key = Convert.FromBase64String(text);
        return (SHA256.HashData(key)[..KeyIdLength], key);
    }
}
