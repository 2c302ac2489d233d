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
        await StoreAsync(guard, Delivery("waiting", "products/update", "{}"), Delivery("given-up", "app/uninstalled", "{}", attempts: 8));
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
    public async Task The_webhook_that_asks_for_the_redaction_of_its_shop_is_the_only_one_that_stays()
    {
        await using var guard = await Guard.StartAsync();
        await StoreAsync(guard, Delivery("this", "shop/redact", "{}"), Delivery("waiting", "customers/redact", Ada));
        Assert.True(await guard.Get<PrivacyDesk>().RedactShopAsync(Guard.Shop, "this"));
        await using var db = guard.Db();
        Assert.Equal("this", (await db.WebhookDeliveries.SingleAsync()).Id);
    }

    [Fact]
    public async Task Redacting_a_customer_takes_the_customer_out_of_what_waits_and_what_was_given_up_and_loses_no_work()
    {
        await using var guard = await Guard.StartAsync();
        var request = Delivery("this", PrivacyRecord.CustomerRedaction, Ada);
        await StoreAsync(
            guard, request, Delivery("waiting", PrivacyRecord.DataRequest, Ada), Delivery("given-up", PrivacyRecord.DataRequest, Ada, attempts: 8),
            Delivery("another-customer", PrivacyRecord.DataRequest, Bob), Delivery("product", "products/update", """{"id":1}"""));

        await guard.Get<PrivacyDesk>().RedactCustomerAsync(request);
        await using var db = guard.Db();
        var bodies = await db.WebhookDeliveries.ToDictionaryAsync(row => row.Id, row => row.Body);
        Assert.Equal($$"""{"shop_domain":"{{Guard.Shop}}"}""", bodies["waiting"]);
        Assert.Null(bodies["given-up"]);
        Assert.Equal((Bob, """{"id":1}"""), (bodies["another-customer"], bodies["product"]));
        var record = await db.PrivacyRecords.SingleAsync();
        Assert.Equal(("customers/redact", 2), (record.Kind, record.Rows));
        Assert.EndsWith("The customer's identifiers were erased from 2 messages in its inbox.", record.Statement, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Bob, "It holds no data about this customer.")]
    [InlineData(Ada, "The only data about this customer: 1 message from Shopify in its inbox with the customer's identifiers, as Shopify sent them.")]
    [InlineData("{}", "It holds no data about this customer.")]
    [InlineData("not json", "It holds no data about this customer.")]
    public async Task A_data_request_is_answered_with_what_is_found(string body, string found)
    {
        await using var guard = await Guard.StartAsync();
        var request = Delivery("this", PrivacyRecord.DataRequest, body);
        await StoreAsync(guard, request, Delivery("given-up", PrivacyRecord.DataRequest, Ada, attempts: 8), Delivery("broken", PrivacyRecord.DataRequest, "not json"));

        await guard.Get<PrivacyDesk>().ExportAsync(request);
        var record = Assert.Single(await guard.Get<PrivacyDesk>().RecordsAsync(Guard.Shop));
        Assert.Equal("customers/data_request", record.Kind);
        Assert.Equal($"Shopify LLM Guard stores no conversations, no questions, no answers and no customer profiles. {found}", record.Statement);
        Assert.Empty(await guard.Get<PrivacyDesk>().RecordsAsync("other.myshopify.com"));
    }

    private const string Ada = """{"shop_domain":"carewell.myshopify.com","customer":{"id":1,"email":"ada@example.com"}}""";
    private const string Bob = """{"shop_domain":"carewell.myshopify.com","customer":{"id":2,"email":"bob@example.com"}}""";

    private static async Task StoreAsync(Guard guard, params WebhookDelivery[] deliveries)
    {
        await using var db = guard.Db();
        db.WebhookDeliveries.AddRange(deliveries);
        await db.SaveChangesAsync();
    }

    private static WebhookDelivery Delivery(string id, string topic, string body, int attempts = 1) => new()
    {
        Id = id, Shop = Guard.Shop, Topic = topic, TriggeredAt = DemoShop.UpdatedAt, ReceivedAt = DemoShop.UpdatedAt, Body = body, Attempts = attempts,
    };
}
