using Microsoft.Playwright;

namespace ShopifyLlmGuard.Browser;

[Collection(OneShop.Name)]
public sealed class AdminTests(RunningShop shop)
{
    [Fact]
    public async Task Flags_that_are_off_make_the_blocks_disappear_and_come_back_with_the_flags()
    {
        await shop.RecoveredAsync();
        await using var merchant = await shop.MerchantAsync();
        await merchant.SwitchAsync("recommendations");
        await merchant.SwitchAsync("chat");
        await PageBecomesAsync(
            async shopper => await shopper.Recommendations.CountAsync() + await shopper.Chat.CountAsync() == 0, "both blocks are gone");
        await using (var shopper = await shop.ShopperAsync())
        {
            await shopper.ViewProductAsync();
            await shopper.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
            Assert.Empty(shopper.RequestsToGuard);
            Assert.Empty(shopper.Complaints);
            Assert.Equal(0, await shopper.LayoutShiftAsync(), 0.001);
            await shopper.BuyAsync();
            Assert.Empty(shopper.RequestsToGuard);
        }

        await merchant.SwitchAsync("recommendations");
        await merchant.SwitchAsync("chat");
        await shop.RecoveredAsync();
        Assert.Empty(merchant.Complaints);
    }

    [Fact]
    public async Task A_feature_that_is_held_at_fallback_makes_no_request_to_us_at_all()
    {
        await shop.RecoveredAsync();
        await using var merchant = await shop.MerchantAsync();
        await merchant.HoldAsync("recommendations", "Fallback");
        await merchant.HoldAsync("chat", "Fallback");
        await PageBecomesAsync(async shopper => await shopper.Page.Locator("[data-proxy]").CountAsync() == 0, "no element asks us any more");

        await using (var shopper = await shop.ShopperAsync())
        {
            await shopper.ViewProductAsync();
            await shopper.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
            Assert.True(await shopper.Recommendations.Locator("a[href*='/products/']").CountAsync() >= 3);
            Assert.Empty(shopper.RequestsToGuard);
            Assert.Empty(shopper.Complaints);
            Assert.Equal(0, await shopper.LayoutShiftAsync(), 0.001);
            await shopper.BuyAsync();
            Assert.Empty(shopper.RequestsToGuard);
        }

        await merchant.ReleaseAsync("recommendations");
        await merchant.ReleaseAsync("chat");
        await shop.RecoveredAsync();
        Assert.Empty(merchant.Complaints);
    }

    [Fact]
    public async Task Navigation_and_forms_inside_the_frame_carry_the_ID_token_and_need_no_cookie()
    {
        await using var merchant = await shop.MerchantAsync();
        merchant.Responses.Clear();
        await merchant.Page.Locator(".app-nav a").Filter(new() { HasText = "Fallback" }).ClickAsync();
        await Assertions.Expect(merchant.App.Locator("[name='Form.Greeting']")).ToBeVisibleAsync();
        var greeting = merchant.App.Locator("s-text-area[name='Form.Greeting'] textarea");
        await greeting.FillAsync("Good day. Our pharmacists answer from 9 to 18.");
        await merchant.Page.Locator(".save-bar button.primary").ClickAsync();
        await Assertions.Expect(merchant.App.Locator("[data-announce]")).ToBeVisibleAsync();

        var toApp = merchant.Responses.Where(response => response.Url.StartsWith(shop.Guard.Url, StringComparison.Ordinal)
            && response.Request.ResourceType is "fetch" or "document").ToList();
        Assert.NotEmpty(toApp);
        Assert.All(toApp, response => Assert.Equal(response.Request.Method == "POST" ? 302 : 200, response.Status));
        Assert.All(
            await Task.WhenAll(toApp.Where(response => response.Request.ResourceType == "fetch").Select(response => response.Request.AllHeadersAsync())),
            headers => Assert.StartsWith("Bearer ", headers["authorization"], StringComparison.Ordinal));
        Assert.Empty(await merchant.Page.Context.CookiesAsync([shop.Guard.Url]));
        Assert.Empty(merchant.Complaints);
        await PageBecomesAsync(async shopper => (await shopper.Page.ContentAsync()).Contains("Our pharmacists answer", StringComparison.Ordinal), "the new greeting is in the shop");
    }

    [Fact]
    public async Task The_overview_says_why_a_feature_is_not_live()
    {
        await shop.RecoveredAsync();
        shop.Inference.KillNow();
        try
        {
            await using var merchant = await shop.MerchantAsync();
            var section = merchant.App.Locator("s-section[heading=Recommendations]");
            await Assertions.Expect(section.Locator("s-badge").First).ToHaveTextAsync("Fallback", new() { Timeout = 60_000 });
            await Assertions.Expect(section).ToContainTextAsync("No usable model is answering.");
            Assert.Empty(merchant.Complaints);
        }
        finally
        {
            await shop.Inference.RestartAsync();
        }

        await shop.RecoveredAsync();
    }

    private Task PageBecomesAsync(Func<Shopper, Task<bool>> condition, string what) => Eventually.TrueAsync(
        async () =>
        {
            await using var shopper = await shop.ShopperAsync();
            await shopper.ViewProductAsync();
            return await condition(shopper);
        },
        what,
        60);
}
