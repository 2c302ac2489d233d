using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Catalog;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Server.Webhooks;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Tests.Webhooks;

/// <summary>What a delivery does, and that it does it once and in order.</summary>
public sealed class InboxRoundTests : IAsyncLifetime
{
    private readonly GuardApp app = new();

    public Task InitializeAsync() => ((IAsyncLifetime)app).InitializeAsync();

    public Task DisposeAsync() => ((IAsyncLifetime)app).DisposeAsync();

    public static object Product(long id, string title, DateTimeOffset updatedAt, string status = "ACTIVE") => new
    {
        id = $"gid://shopify/Product/{id}", handle = $"product-{id}", title, vendor = "Carewell", productType = "Monitor",
        tags = new[] { "travel" }, description = $"{title}.", status, publishedAt = "2026-01-01T00:00:00Z", updatedAt,
        priceRangeV2 = new { minVariantPrice = new { amount = "49.90", currencyCode = "EUR" } },
        featuredMedia = new { preview = new { image = new { url = "https://cdn.shopify.com/a.svg" } } },
    };

    [Fact]
    public async Task An_update_fetches_the_product_as_it_is_now()
    {
        await app.InstallAsync();
        app.Shopify.Answers("Product", _ => new { data = new { product = Product(7, "Travel monitor", GuardApp.Now) } });

        await DeliverAsync("products/update", """{"id":7}""");

        var product = await Catalog.FindAsync(GuardApp.Shop, 7);
        Assert.Equal(("Travel monitor", 49.90m, "EUR"), (product?.Title, product?.Price, product?.Currency));
        Assert.Equal("gid://shopify/Product/7", app.Shopify.Asked.Single(asked => asked.Name == "Product").Body.GetProperty("variables").GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("DRAFT")]
    [InlineData("ARCHIVED")]
    public async Task A_product_that_is_no_longer_for_sale_leaves_the_catalogue(string status)
    {
        await app.InstallAsync();
        app.Shopify.Answers("Product", _ => new { data = new { product = Product(7, "Travel monitor", GuardApp.Now.AddMinutes(-5)) } });
        await DeliverAsync("products/create", """{"id":7}""");
        app.Shopify.Answers("Product", _ => new { data = new { product = Product(7, "Travel monitor", GuardApp.Now, status) } });

        await DeliverAsync("products/update", """{"id":7}""");

        Assert.Null(await Catalog.FindAsync(GuardApp.Shop, 7));
    }

    [Fact]
    public async Task A_deleted_product_stays_deleted_although_an_older_update_comes_later()
    {
        await app.InstallAsync();
        var created = GuardApp.Now.AddMinutes(-10);
        app.Shopify.Answers("Product", _ => new { data = new { product = Product(7, "Travel monitor", created) } });
        await DeliverAsync("products/create", """{"id":7}""", triggeredAt: created);

        await DeliverAsync("products/delete", """{"id":7}""", triggeredAt: created.AddMinutes(5));
        await DeliverAsync("products/update", """{"id":7}""", triggeredAt: created.AddMinutes(1));

        Assert.Null(await Catalog.FindAsync(GuardApp.Shop, 7));
    }

    [Fact]
    public async Task A_delivery_is_processed_once_and_its_body_is_forgotten()
    {
        await app.InstallAsync();
        app.Shopify.Answers("Product", _ => new { data = new { product = (object?)null } });

        await DeliverAsync("products/update", """{"id":7}""", id: "once");
        await app.RunAsync<InboxRound>(round => round.RunAsync(CancellationToken.None));

        Assert.Equal(1, app.Shopify.Count("Product"));
        var delivery = await FindAsync("once");
        Assert.NotNull(delivery.ProcessedAt);
        Assert.Null(delivery.Body);
    }

    [Fact]
    public async Task What_failed_holds_up_later_news_of_the_same_product_and_nothing_else()
    {
        await app.InstallAsync();
        var at = GuardApp.Now.AddMinutes(-1);
        app.Shopify.Answers("Product", body => body.GetProperty("variables").GetProperty("id").GetString()!.EndsWith("/7", StringComparison.Ordinal)
            ? new { errors = new[] { new { message = "no", extensions = new { code = "ACCESS_DENIED" } } } }
            : new { data = new { product = Product(8, "Thermometer", GuardApp.Now) } });

        await app.WebhookAsync("products/update", """{"id":7}""", "failing", triggeredAt: at);
        await app.WebhookAsync("products/delete", """{"id":7}""", "later", triggeredAt: at.AddSeconds(1));
        await app.WebhookAsync("products/update", """{"id":8}""", "other", triggeredAt: at.AddSeconds(2));
        await app.RunAsync<InboxRound>(round => round.RunAsync(CancellationToken.None));

        Assert.Equal(("shopify-refused", 1), ((await FindAsync("failing")).Error, (await FindAsync("failing")).Attempts));
        Assert.Equal(0, (await FindAsync("later")).Attempts);
        Assert.NotNull((await FindAsync("other")).ProcessedAt);
    }

    [Fact]
    public async Task What_fails_too_often_is_given_up_and_stays_to_be_looked_at()
    {
        await app.WebhookAsync("shop/redact", """{"shop_domain":"another.myshopify.com"}""", "poison");
        for (var attempt = 0; attempt < WebhookDelivery.MaximumAttempts + 2; attempt++)
        {
            // As if it had come a day ago, so that every attempt is due.
            await app.QueryAsync(db => db.Database.ExecuteSqlAsync($"UPDATE guard.webhook_deliveries SET received_at = received_at - interval '1 day'"));
            await app.RunAsync<InboxRound>(round => round.RunAsync(CancellationToken.None));
        }

        var delivery = await FindAsync("poison");
        Assert.Equal((WebhookDelivery.MaximumAttempts, "another-shop"), (delivery.Attempts, delivery.Error));
        Assert.NotNull(delivery.Body);
        Assert.Null(delivery.ProcessedAt);
    }

    [Fact]
    public async Task Only_one_round_at_a_time_works_off_the_inbox()
    {
        await app.InstallAsync();
        app.Shopify.Answers("Product", _ => new { data = new { product = (object?)null } });
        await app.WebhookAsync("products/update", """{"id":7}""", "contended");

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => app.RunAsync<InboxRound>(round => round.RunAsync(CancellationToken.None))));

        Assert.Equal(1, app.Shopify.Count("Product"));
    }

    [Fact]
    public async Task An_uninstallation_takes_the_tokens()
    {
        await app.InstallAsync();
        app.Shopify.Answers("Installation", _ => Results.Unauthorized());

        await DeliverAsync("app/uninstalled", """{"id":1}""");

        Assert.Null(await Registry.TokensAsync(GuardApp.Shop));
        Assert.Null(Registry.Profile(GuardApp.Shop));
        Assert.NotNull(await Registry.FindAsync(GuardApp.Shop));
    }

    [Fact]
    public async Task A_late_uninstallation_does_not_remove_the_app_from_a_shop_that_has_it_again()
    {
        await app.InstallAsync();

        await DeliverAsync("app/uninstalled", """{"id":1}""", triggeredAt: GuardApp.Now.AddMinutes(1));

        Assert.NotNull(await Registry.TokensAsync(GuardApp.Shop));
        Assert.NotNull(Registry.Profile(GuardApp.Shop));
    }

    private const string RedactShop = $$"""{"shop_domain":"{{GuardApp.Shop}}"}""";

    [Fact]
    public async Task A_shop_is_redacted_although_the_message_about_its_uninstallation_was_lost()
    {
        await app.InstallAsync();
        app.Shopify.Answers("Installation", _ => Results.Unauthorized());
        var at = GuardApp.Now.AddMinutes(1);
        await app.WebhookAsync("shop/redact", RedactShop, "redact", triggeredAt: at);
        await app.WebhookAsync("products/delete", """{"id":7}""", "later", triggeredAt: at.AddMinutes(1));

        await app.RunAsync<InboxRound>(round => round.RunAsync(CancellationToken.None));

        Assert.Null(await Registry.FindAsync(GuardApp.Shop));
        Assert.Null(await Registry.TokensAsync(GuardApp.Shop));
        Assert.Equal(1, await app.QueryAsync(db => db.PrivacyRecords.CountAsync(record => record.Kind == "shop/redact")));
        var left = await app.QueryAsync(db => db.WebhookDeliveries.SingleAsync());
        Assert.Equal(("redact", (string?)null), (left.Id, left.Error));
        Assert.NotNull(left.ProcessedAt);
    }

    [Fact]
    public async Task A_shop_that_has_the_app_is_not_redacted_and_the_delivery_says_why()
    {
        await app.InstallAsync();

        await DeliverAsync("shop/redact", RedactShop, "redact", triggeredAt: GuardApp.Now.AddMinutes(1));

        Assert.NotNull(Registry.Profile(GuardApp.Shop));
        Assert.NotNull(await Registry.TokensAsync(GuardApp.Shop));
        var delivery = await FindAsync("redact");
        Assert.Equal("still-installed", delivery.Error);
        Assert.NotNull(delivery.ProcessedAt);
        Assert.Null(delivery.Body);
        Assert.Equal(0, await app.QueryAsync(db => db.PrivacyRecords.CountAsync()));
    }

    [Fact]
    public async Task While_Shopify_does_not_answer_a_redaction_waits()
    {
        // The token has run out, as it has by the time of this webhook, and the renewal meets the outage.
        await app.InstallAsync(accessUntil: GuardApp.Now.AddMinutes(-1));
        app.Shopify.Answers("refresh_token", _ => Results.StatusCode(503));

        await DeliverAsync("shop/redact", RedactShop, "redact", triggeredAt: GuardApp.Now.AddMinutes(1));

        Assert.NotNull(await Registry.FindAsync(GuardApp.Shop));
        var delivery = await FindAsync("redact");
        Assert.Equal("shopify-unavailable", delivery.Error);
        Assert.Null(delivery.ProcessedAt);
        Assert.NotNull(delivery.Body);
    }

    [Fact]
    public async Task A_redacted_customer_is_gone_from_what_waits_and_the_data_request_is_answered_all_the_same()
    {
        var ada = $$$"""{"shop_domain":"{{{GuardApp.Shop}}}","customer":{"id":1,"email":"ada@example.com"}}""";
        var at = GuardApp.Now.AddMinutes(-5);
        await app.WebhookAsync("customers/redact", ada, "redact", triggeredAt: at);
        await app.WebhookAsync("customers/data_request", ada, "request", triggeredAt: at.AddMinutes(1));

        await app.RunAsync<InboxRound>(round => round.RunAsync(CancellationToken.None));

        Assert.Equal(["customers/data_request 0", "customers/redact 1"], await app.QueryAsync(db =>
            db.PrivacyRecords.OrderBy(record => record.Kind).Select(record => record.Kind + " " + record.Rows).ToListAsync()));
        Assert.All(await app.QueryAsync(db => db.WebhookDeliveries.ToListAsync()), delivery => Assert.Null(delivery.Body));
    }

    [Fact]
    public async Task What_was_processed_is_remembered_for_30_days_and_what_was_given_up_keeps_its_body_as_long()
    {
        WebhookDelivery Old(string id, int days, bool processed, int attempts) => new()
        {
            Id = id, Shop = GuardApp.Shop, Topic = "customers/redact", TriggeredAt = GuardApp.Now, ReceivedAt = GuardApp.Now.AddDays(-days), Body = "{}",
            ProcessedAt = processed ? GuardApp.Now.AddDays(-days) : null, Attempts = attempts,
        };
        await app.QueryAsync(db =>
        {
            db.WebhookDeliveries.AddRange(
                Old("processed-29", 29, true, 1), Old("processed-31", 31, true, 1), Old("given-up-29", 29, false, 8), Old("given-up-31", 31, false, 8));
            return db.SaveChangesAsync();
        });

        await app.RunAsync<InboxRound>(round => round.RunAsync(CancellationToken.None));

        Assert.Equal(["given-up-29 {}", "given-up-31 ", "processed-29 {}"], await app.QueryAsync(db =>
            db.WebhookDeliveries.OrderBy(delivery => delivery.Id).Select(delivery => delivery.Id + " " + (delivery.Body ?? "")).ToListAsync()));
    }

    [Fact]
    public async Task A_redacted_shop_leaves_only_the_proof()
    {
        await app.InstallAsync();
        app.Shopify.Answers("Installation", _ => Results.Unauthorized());
        await DeliverAsync("app/uninstalled", """{"id":1}""");

        await DeliverAsync("shop/redact", $$"""{"shop_domain":"{{GuardApp.Shop}}"}""");

        Assert.Null(await Registry.FindAsync(GuardApp.Shop));
        Assert.Equal(1, await app.QueryAsync(db => db.PrivacyRecords.CountAsync(record => record.Kind == "shop/redact")));
    }

    [Theory]
    [InlineData("customers/data_request")]
    [InlineData("customers/redact")]
    public async Task A_customers_request_is_recorded_and_the_customer_forgotten(string topic)
    {
        await DeliverAsync(topic, $$$"""{"shop_domain":"{{{GuardApp.Shop}}}","customer":{"id":1,"email":"a@example.com"}}""", id: "customer");

        Assert.Equal(1, await app.QueryAsync(db => db.PrivacyRecords.CountAsync(record => record.Kind == topic)));
        Assert.Null((await FindAsync("customer")).Body);
    }

    private ProductCatalog Catalog => app.Services.GetRequiredService<ProductCatalog>();

    private ShopRegistry Registry => app.Services.GetRequiredService<ShopRegistry>();

    private async Task DeliverAsync(string topic, string body, string? id = null, DateTimeOffset? triggeredAt = null)
    {
        await app.WebhookAsync(topic, body, id, triggeredAt: triggeredAt);
        await app.RunAsync<InboxRound>(round => round.RunAsync(CancellationToken.None));
    }

    private Task<WebhookDelivery> FindAsync(string id) => app.QueryAsync(db => db.WebhookDeliveries.SingleAsync(delivery => delivery.Id == id));
}
