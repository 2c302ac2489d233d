using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Fallbacks;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Privacy;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Tests.Privacy;

public sealed class PrivacyDeskTests
{
    [Fact]
    public async Task Redacting_a_shop_leaves_no_row_that_names_it_but_the_proof()
    {
        await using var guard = await Guard.StartAsync();
        await guard.InstallAsync();
        await guard.Get<FlagBoard>().SetAsync(Guard.Shop, Features.Chat, false, "Ada", "x");
        await guard.Get<PinBoard>().PinAsync(new PinRequest(Guard.Shop, null, Mode.Off, PinHolder.Human, "Ada", "x"));
        await guard.Get<FallbackBoard>().SaveAsync(Guard.Shop, FallbackContent.Default with { Greeting = "Hi." }, "Ada");
        var publications = await guard.Get<PublicationDesk>().PendingAsync(Guard.Shop);
        await guard.Get<PublicationDesk>().ConfirmAsync(Guard.Shop, [.. publications]);
        await guard.Get<ShopRegistry>().UninstallAsync(Guard.Shop, DateTimeOffset.MaxValue);
        Assert.True(await guard.Get<PrivacyDesk>().RedactShopAsync(Guard.Shop));
        await using var db = guard.Db();
        var proof = await db.PrivacyRecords.SingleAsync();
        Assert.True(proof.Rows > 80);
        db.PrivacyRecords.Remove(proof);
        await db.SaveChangesAsync();
        Assert.False(await Tables.ContainAsync(guard, Guard.Shop));
    }

    [Fact]
    public async Task A_shop_that_is_back_is_not_redacted()
    {
        await using var guard = await Guard.StartAsync();
        await guard.InstallAsync();
        Assert.False(await guard.Get<PrivacyDesk>().RedactShopAsync(Guard.Shop));
        Assert.NotNull(guard.Get<ShopRegistry>().Profile(Guard.Shop));
    }

    [Fact]
    public async Task Redacting_a_customer_empties_what_still_lies_in_the_inbox()
    {
        await using var guard = await Guard.StartAsync();
        await using (var db = guard.Db())
        {
            db.WebhookDeliveries.AddRange(Delivery("done", processed: true), Delivery("this", processed: true), Delivery("waiting", processed: false));
            await db.SaveChangesAsync();
        }

        await guard.Get<PrivacyDesk>().RedactCustomerAsync(Guard.Shop, "this");
        await using var after = guard.Db();
        Assert.Equal(["this", "waiting"], after.WebhookDeliveries.Where(row => row.Body != null).Select(row => row.Id).Order());
        Assert.Equal("customers/redact", (await after.PrivacyRecords.SingleAsync()).Kind);
    }

    [Fact]
    public async Task An_export_says_that_nothing_is_held_and_is_recorded()
    {
        await using var guard = await Guard.StartAsync();
        Assert.Empty((await guard.Get<PrivacyDesk>().ExportAsync(Guard.Shop)).Held);
        await using var db = guard.Db();
        Assert.Equal("customers/data_request", (await db.PrivacyRecords.SingleAsync()).Kind);
    }

    private static WebhookDelivery Delivery(string id, bool processed) => new()
    {
        Id = id, Shop = Guard.Shop, Topic = "products/update", TriggeredAt = DemoShop.UpdatedAt, ReceivedAt = DemoShop.UpdatedAt,
        Body = "{}", ProcessedAt = processed ? DemoShop.UpdatedAt : null,
    };
}
