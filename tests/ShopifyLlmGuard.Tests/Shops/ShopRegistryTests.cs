using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Tests.Shops;

public sealed class ShopRegistryTests
{
    private static readonly DateTimeOffset Soon = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ShopInstallation Carewell = new(Guard.Shop, "Carewell", "EUR", "gid://shopify/AppInstallation/1");

    [Fact]
    public async Task Tokens_rest_encrypted_and_come_back_whole()
    {
        await using var guard = await Guard.StartAsync();
        await guard.Get<ShopRegistry>().InstallAsync(Carewell, Tokens("shpat_zanzibar"));
        Assert.Equal(Tokens("shpat_zanzibar"), await guard.Get<ShopRegistry>().TokensAsync(Guard.Shop));
        Assert.False(await Tables.ContainAsync(guard, "zanzibar"));
        Assert.DoesNotContain(guard.Logs.All, line => line.Contains("zanzibar", StringComparison.Ordinal));
        Assert.DoesNotContain("zanzibar", Tokens("shpat_zanzibar").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Servers_that_renew_at_once_do_it_one_after_the_other_and_see_each_others_tokens()
    {
        var database = PostgresCluster.Shared.NewDatabase();
        await using var one = await Guard.StartAsync(database);
        await using var two = await Guard.StartAsync(database);
        await one.Get<ShopRegistry>().InstallAsync(Carewell, Tokens("0"));
        var inside = 0;
        var renewals = Enumerable.Range(0, 10).Select(index => (index % 2 == 0 ? one : two).Get<ShopRegistry>().RenewAsync(
            Guard.Shop, async (tokens, stop) =>
            {
                Assert.Equal(1, Interlocked.Increment(ref inside));
                await Task.Yield();
                Interlocked.Decrement(ref inside);
                return Tokens((int.Parse(tokens!.AccessToken, System.Globalization.CultureInfo.InvariantCulture) + 1)
                    .ToString(System.Globalization.CultureInfo.InvariantCulture));
            }));
        await Task.WhenAll(renewals);
        Assert.Equal("10", (await two.Get<ShopRegistry>().TokensAsync(Guard.Shop))!.AccessToken);
    }

    [Fact]
    public async Task A_renewal_that_fails_keeps_the_old_tokens_and_frees_the_lock()
    {
        await using var guard = await Guard.StartAsync();
        var registry = guard.Get<ShopRegistry>();
        await registry.InstallAsync(Carewell, Tokens("old"));
        await Assert.ThrowsAsync<HttpRequestException>(() => registry.RenewAsync(Guard.Shop, (_, _) => throw new HttpRequestException()));
        Assert.Equal("old", (await registry.RenewAsync(Guard.Shop, (tokens, _) => Task.FromResult<ShopTokens?>(null)))!.AccessToken);
    }

    [Fact]
    public async Task A_late_uninstall_does_not_undo_a_newer_installation()
    {
        await using var guard = await Guard.StartAsync();
        var registry = guard.Get<ShopRegistry>();
        await registry.InstallAsync(Carewell, Tokens("t"));
        var installed = (await registry.FindAsync(Guard.Shop))!.InstalledAt;
        Assert.False(await registry.UninstallAsync(Guard.Shop, installed.AddMinutes(-1)));
        Assert.NotNull(registry.Profile(Guard.Shop));
        Assert.True(await registry.UninstallAsync(Guard.Shop, installed.AddMinutes(1)));
        Assert.Null(registry.Profile(Guard.Shop));
        Assert.Null(await registry.TokensAsync(Guard.Shop));
        await registry.InstallAsync(Carewell, Tokens("again"));
        Assert.Equal("Carewell", registry.Profile(Guard.Shop)?.Name);
    }

    private static ShopTokens Tokens(string access) => new(access, Soon, "shprt_" + access, Soon.AddDays(90), "read_products");
}
