using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Tests.Shops;

public sealed class TokenVaultTests
{
    private static readonly string Key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private static readonly string NextKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    [Fact]
    public void What_is_sealed_opens_for_its_shop_only()
    {
        var vault = Vault(Key);
        var box = vault.Seal("one", "shpat_secret");
        Assert.Equal("shpat_secret", vault.Open("one", box));
        Assert.Null(vault.Open("two", box));
    }

    [Fact]
    public void The_same_token_never_looks_the_same() => Assert.NotEqual(Vault(Key).Seal("one", "t"), Vault(Key).Seal("one", "t"));

    [Fact]
    public void Any_changed_byte_is_noticed()
    {
        var vault = Vault(Key);
        var box = vault.Seal("one", "shpat_secret");
        for (var at = 0; at < box.Length; at++)
        {
            box[at] ^= 1;
            Assert.Null(vault.Open("one", box));
            box[at] ^= 1;
        }

        Assert.Null(vault.Open("one", box[..20]));
    }

    [Fact]
    public void After_a_change_of_keys_old_tokens_open_and_new_ones_need_only_the_new_key()
    {
        var box = Vault(Key).Seal("one", "t");
        var changed = Vault(NextKey, Key);
        Assert.Equal("t", changed.Open("one", box));
        Assert.Equal("t", Vault(NextKey).Open("one", changed.Seal("one", "t")));
        Assert.Null(Vault(NextKey).Open("one", box));
    }

    private static TokenVault Vault(string key, string? old = null) =>
        new(Options.Create(new TokenVaultOptions { TokenKey = key, OldTokenKey = old }));
}
