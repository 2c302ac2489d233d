using ShopifyLlmGuard.Catalog;

namespace ShopifyLlmGuard.Tests.Catalog;

public sealed class ProductCatalogTests
{
    private static readonly DateTimeOffset T1 = DemoShop.UpdatedAt;

    [Fact]
    public async Task An_older_update_never_overwrites_a_newer_one()
    {
        await using var guard = await Guard.StartAsync();
        var catalog = guard.Get<ProductCatalog>();
        Assert.Equal(1, await catalog.UpsertAsync(Guard.Shop, [Product("new", T1.AddMinutes(1))]));
        Assert.Equal(0, await catalog.UpsertAsync(Guard.Shop, [Product("old", T1)]));
        Assert.Equal("new", (await catalog.FindAsync(Guard.Shop, 1))?.Title);
    }

    [Fact]
    public async Task A_late_update_does_not_bring_a_removed_product_back_but_a_newer_one_does()
    {
        await using var guard = await Guard.StartAsync();
        var catalog = guard.Get<ProductCatalog>();
        await catalog.RemoveAsync(Guard.Shop, 1, T1.AddMinutes(1));
        await catalog.UpsertAsync(Guard.Shop, [Product("late", T1)]);
        Assert.Null(await catalog.FindAsync(Guard.Shop, 1));
        await catalog.UpsertAsync(Guard.Shop, [Product("back", T1.AddMinutes(2))]);
        Assert.Equal("back", (await catalog.FindAsync(Guard.Shop, 1))?.Title);
        await catalog.RemoveAsync(Guard.Shop, 1, T1.AddMinutes(1));
        Assert.NotNull(await catalog.FindAsync(Guard.Shop, 1));
    }

    [Fact]
    public async Task A_synchronisation_keeps_what_changed_while_it_ran()
    {
        await using var guard = await Guard.StartAsync();
        var catalog = guard.Get<ProductCatalog>();
        await catalog.UpsertAsync(Guard.Shop,
            [Product("kept", T1), Product("gone", T1) with { Id = 2 }, Product("fresh", T1.AddMinutes(5)) with { Id = 3 }]);
        Assert.Equal(1, await catalog.KeepOnlyAsync(Guard.Shop, [1], T1.AddMinutes(1)));
        Assert.Null(await catalog.FindAsync(Guard.Shop, 2));
        Assert.NotNull(await catalog.FindAsync(Guard.Shop, 3));
    }

    [Fact]
    public async Task Shops_do_not_see_each_others_products()
    {
        await using var guard = await Guard.StartAsync();
        var catalog = guard.Get<ProductCatalog>();
        await catalog.UpsertAsync("one.myshopify.com", [Product("Walking stick", T1)]);
        Assert.Single(await catalog.SearchAsync("one.myshopify.com", "walking stick", 4));
        Assert.Empty(await catalog.SearchAsync("two.myshopify.com", "walking stick", 4));
    }

    [Fact]
    public async Task Any_text_can_be_searched_for()
    {
        await using var guard = await Guard.StartAsync();
        await guard.InstallAsync();
        var catalog = guard.Get<ProductCatalog>();
        foreach (var text in (string[])["", "the of and", "'; DELETE FROM guard.products; --", "! & | <-> :* ()", "😀 \u0000 \ud800", new('x', 5000)])
        {
            Assert.Empty(await catalog.SearchAsync(Guard.Shop, text, 4));
        }

        Assert.NotEmpty(await catalog.SearchAsync(Guard.Shop, "thermometer", 4));
    }

    public static TheoryData<string, string> Questions { get; } = new()
    {
        { "Which blood pressure monitor is good for travel?", "voyager-wrist-monitor" },
        { "My mother is old and cannot read small digits, is there a monitor that talks?", "senio-talking-monitor" },
        { "Do you have a thermometer for a sleeping baby without touching?", "nightcheck-forehead-thermometer" },
        { "I need something to measure oxygen while I sleep", "nightring-oximeter" },
        { "a walking stick that folds", "lightwalk-walking-stick" },
        { "what can I sit on in the shower", "bathsafe-shower-stool" },
        { "plasters I can swim with", "aquashield-plasters" },
        { "I got blisters from hiking", "blisterease-pads" },
        { "first aid kit for the car", "homeready-first-aid-kit" },
        { "vegan vitamin d", "sunny-vitamin-d3" },
        { "socks for a long flight", "airstep-travel-socks" },
        { "support for my knee when doing sport", "kneeflex-support" },
        { "pillow for side sleepers with neck pain", "neckrest-memory-pillow" },
        { "how do I clean my braces", "freshjet-water-flosser" },
        { "my grandfather does not hear the TV", "hearclear-amplifier" },
        { "measure blood glucose at home", "gluco-diary-kit" },
    };

    [Fact]
    public async Task A_question_finds_the_fitting_product_among_the_first_four()
    {
        await using var guard = await Guard.StartAsync();
        await guard.InstallAsync();
        var missed = new List<string>();
        foreach (var row in Questions)
        {
            var (question, handle) = ((string)row[0], (string)row[1]);
            var found = await guard.Get<ProductCatalog>().SearchAsync(Guard.Shop, question, 4);
            if (!found.Any(product => product.Handle == handle))
            {
                missed.Add($"{question} -> {string.Join(", ", found.Select(product => product.Handle))}");
            }
        }

        Assert.Empty(missed);
    }

    [Fact]
    public async Task A_round_computes_only_changed_catalogues()
    {
        await using var guard = await Guard.StartAsync();
        var (catalog, round) = (guard.Get<ProductCatalog>(), guard.Get<CatalogRound>());
        await catalog.UpsertAsync(Guard.Shop, DemoShop.Products);
        Assert.Equal(1, await round.RunAsync());
        Assert.Equal(0, await round.RunAsync());
        Assert.Equal(0, await catalog.UpsertAsync(Guard.Shop, DemoShop.Products));
        Assert.Equal(0, await round.RunAsync());
        await catalog.RemoveAsync(Guard.Shop, DemoShop.Products[0].Id, T1.AddDays(1));
        Assert.Equal(1, await round.RunAsync());
        await using var db = guard.Db();
        Assert.DoesNotContain(db.RelatedProducts.ToList(), row =>
            row.ProductId == DemoShop.Products[0].Id || row.Items.Any(item => item.Id == DemoShop.Products[0].Id));
    }

    [Fact]
    public void Every_product_of_the_demo_shop_has_related_ones_with_a_reason_each()
    {
        var related = Relatedness.Compute(DemoShop.Products);
        Assert.All(DemoShop.Products, product =>
        {
            var items = related[product.Id];
            Assert.True(items.Count >= 4, $"{product.Handle} has only {items.Count}.");
            Assert.DoesNotContain(items, item => item.Id == product.Id);
            Assert.Equal(items.Count, items.Select(item => item.Id).Distinct().Count());
            Assert.All(items, item => Assert.InRange(item.Reason.Length, 10, 120));
        });
    }

    [Fact]
    public void Related_products_do_not_depend_on_the_order_of_the_catalogue()
    {
        var forth = Relatedness.Compute(DemoShop.Products);
        var back = Relatedness.Compute([.. DemoShop.Products.Reverse()]);
        Assert.All(DemoShop.Products, product => Assert.Equal(forth[product.Id], back[product.Id]));
    }

    private static CatalogProduct Product(string title, DateTimeOffset at) =>
        new(1, "stick", title, "Carewell", "Mobility", ["walking"], "A stick.", 9.90m, "EUR", null, at);
}
