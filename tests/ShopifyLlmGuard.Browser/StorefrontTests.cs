namespace ShopifyLlmGuard.Browser;

[Collection(OneShop.Name)]
public sealed class StorefrontTests(RunningShop shop)
{
    private static readonly TimeSpan Promise = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Both_features_answer_live_from_the_model_about_products_of_the_shop()
    {
        await shop.RecoveredAsync();
        await using var shopper = await shop.ShopperAsync();
        await shopper.ViewProductAsync();
        Assert.True(await shopper.RecommendationsBecomeAsync("live", 5));
        var reasons = await shopper.Recommendations.Locator(".guard-card__reason").AllInnerTextsAsync();
        Assert.Contains(reasons, reason => reason.Trim().Length > 10);

        var turn = await shopper.AskAsync(Shopper.Question);

        Assert.Equal("live", turn.Source);
        Assert.True(turn.After < Promise, $"answered after {turn.After}");
        Assert.Contains("Voyager Wrist Blood Pressure Monitor", turn.Text, StringComparison.Ordinal);
        Assert.Empty(await shopper.AccessibilityFaultsAsync());
        await AssertShopIsWholeAsync(shopper);
    }

    [Fact]
    public async Task Killing_the_inference_host_during_an_answer_leaves_the_shopper_with_useful_content()
    {
        await shop.RecoveredAsync();
        await using var shopper = await shop.ShopperAsync();
        await shopper.ViewProductAsync();
        await shopper.OpenChatAsync();

        // Frozen first, so that the question is certainly in the host when it dies.
        shop.Inference.Freeze();
        try
        {
            var asked = shopper.AskAsync(Shopper.Question);
            await Eventually.TrueAsync(() => Task.FromResult(shop.Inference.HasUnreadRequest()), "the question is in the inference host", 5);
            shop.Inference.KillNow();
            AssertUseful(await asked);
            await AssertShopIsWholeAsync(shopper);
        }
        finally
        {
            await shop.Inference.RestartAsync();
        }

        await shop.RecoveredAsync();
    }

    [Fact]
    public async Task A_frozen_inference_host_that_accepts_and_never_answers_costs_the_shopper_less_than_five_seconds()
    {
        await shop.RecoveredAsync();
        shop.Inference.Freeze();
        try
        {
            await using var shopper = await shop.ShopperAsync();
            await shopper.ViewProductAsync();
            AssertUseful(await shopper.AskAsync(Shopper.Question));
            await AssertShopIsWholeAsync(shopper);
        }
        finally
        {
            shop.Inference.Thaw();
        }

        await shop.RecoveredAsync();
    }

    [Fact]
    public async Task Stopping_PostgreSQL_while_shopping_costs_nothing_but_the_live_label()
    {
        await shop.RecoveredAsync();
        await using var shopper = await shop.ShopperAsync();
        await shopper.ViewProductAsync();
        shop.Postgres.Stop();
        try
        {
            AssertUseful(await shopper.AskAsync(Shopper.Question));
            await shopper.ViewProductAsync();
            await AssertShopIsWholeAsync(shopper);
        }
        finally
        {
            shop.Postgres.Start();
        }

        await shop.RecoveredAsync();
    }

    [Fact]
    public async Task Stopping_the_guard_server_leaves_the_shop_complete()
    {
        await shop.RecoveredAsync();
        await shop.Guard.TerminateAsync();
        try
        {
            await using var shopper = await shop.ShopperAsync(guardIsGone: true);
            await shopper.ViewProductAsync();
            AssertUseful(await shopper.AskAsync(Shopper.Question));
            await AssertShopIsWholeAsync(shopper);
        }
        finally
        {
            await shop.StartGuardAsync();
        }

        await shop.RecoveredAsync();
    }

    [Fact]
    public async Task The_bypass_file_makes_everything_static_and_its_removal_brings_everything_back()
    {
        await shop.RecoveredAsync();
        await using var shopper = await shop.ShopperAsync();
        await shopper.ViewProductAsync();
        await File.WriteAllTextAsync(shop.BypassFile, "");
        try
        {
            // The page is the one from before; the answer is already the other one.
            await Eventually.TrueAsync(async () => (await shopper.AskAsync(Shopper.Question)).Source != "live", "answers are static", 10);
            AssertUseful(await shopper.AskAsync(Shopper.Question));
            await AssertShopIsWholeAsync(shopper);
        }
        finally
        {
            File.Delete(shop.BypassFile);
        }

        await shop.RecoveredAsync();
    }

    private static void AssertUseful(ChatTurn turn)
    {
        Assert.NotEqual("live", turn.Source);
        Assert.True(turn.After < Promise, $"useful content came after {turn.After}");
        Assert.True(turn.Text.Trim().Length > 20, $"not useful: '{turn.Text}'");
        Assert.DoesNotContain("error", turn.Text, StringComparison.OrdinalIgnoreCase);
    }

    private static async Task AssertShopIsWholeAsync(Shopper shopper)
    {
        Assert.True(await shopper.Recommendations.Locator("a[href*='/products/']").CountAsync() >= 3, "recommendations are there");
        Assert.Equal(0, await shopper.LayoutShiftAsync(), 0.001);
        Assert.Empty(shopper.Complaints);
        await shopper.BuyAsync();
    }
}
