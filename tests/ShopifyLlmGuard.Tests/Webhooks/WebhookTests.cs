using System.Net;
using Microsoft.EntityFrameworkCore;

namespace ShopifyLlmGuard.Tests.Webhooks;

/// <summary>The webhook door: verify, keep once, answer.</summary>
public sealed class WebhookTests(GuardApp app) : IClassFixture<GuardApp>
{
    private const string Body = """{"id":101,"updated_at":"2026-11-22T10:00:00Z"}""";

    [Fact]
    public async Task A_signed_delivery_is_kept_as_it_came()
    {
        var id = Guid.NewGuid().ToString();
        var at = new DateTimeOffset(2026, 11, 22, 10, 0, 0, TimeSpan.Zero);

        var response = await app.WebhookAsync("products/update", Body, id, triggeredAt: at);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var kept = await app.QueryAsync(db => db.WebhookDeliveries.SingleAsync(delivery => delivery.Id == id));
        Assert.Equal((GuardApp.Shop, "products/update", Body, at, 0), (kept.Shop, kept.Topic, kept.Body, kept.TriggeredAt, kept.Attempts));
        Assert.Null(kept.ProcessedAt);
    }

    // Elsewhere an unchanged content proves that nothing was done.
    [Fact]
    public async Task One_changed_value_is_a_changed_content()
    {
        var id = Guid.NewGuid().ToString();
        await app.WebhookAsync("products/update", Body, id);
        var before = await app.ContentAsync();

        await app.QueryAsync(db => db.WebhookDeliveries.Where(delivery => delivery.Id == id)
            .ExecuteUpdateAsync(delivery => delivery.SetProperty(d => d.Error, "x")));

        Assert.NotEqual(before, await app.ContentAsync());
    }

    [Fact]
    public async Task A_delivery_that_comes_again_gets_200_and_changes_nothing()
    {
        var id = Guid.NewGuid().ToString();
        await app.WebhookAsync("products/update", Body, id);
        var before = await app.ContentAsync();

        Assert.Equal(HttpStatusCode.OK, (await app.WebhookAsync("products/update", Body, id)).StatusCode);
        Assert.Equal(before, await app.ContentAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("not base64")]
    public async Task A_forged_delivery_gets_401_and_changes_nothing(string hmac)
    {
        var before = await app.ContentAsync();

        foreach (var topic in (string[])["products/update", "customers/data_request", "customers/redact", "shop/redact", "app/uninstalled"])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await app.WebhookAsync(topic, Body, hmac: hmac)).StatusCode);
        }

        Assert.Equal(before, await app.ContentAsync());
    }

    [Fact]
    public async Task A_signature_of_another_body_gets_401() =>
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.WebhookAsync("products/update", Body, hmac: Signed.Body("{}"u8.ToArray()))).StatusCode);

    [Fact]
    public async Task The_old_secret_still_works_during_a_rotation() =>
        Assert.Equal(HttpStatusCode.OK, (await app.WebhookAsync("products/update", Body, hmac: Signed.Body(System.Text.Encoding.UTF8.GetBytes(Body), "old-client-secret"))).StatusCode);

    [Theory]
    [InlineData("attacker.example", "products/update", "id-1")]
    [InlineData(GuardApp.Shop, "", "id-2")]
    [InlineData(GuardApp.Shop, "products/update", "")]
    public async Task A_signed_delivery_without_its_headers_gets_400_and_changes_nothing(string shop, string topic, string id)
    {
        var before = await app.ContentAsync();

        Assert.Equal(HttpStatusCode.BadRequest, (await app.WebhookAsync(topic, Body, id, shop: shop)).StatusCode);
        Assert.Equal(before, await app.ContentAsync());
    }

    [Theory]
    [InlineData("X-Shopify-Hmac-Sha256", null, HttpStatusCode.Unauthorized)]
    [InlineData("X-Shopify-Hmac-Sha256", "AAAA", HttpStatusCode.Unauthorized)]
    [InlineData("X-Shopify-Topic", "shop/redact", HttpStatusCode.BadRequest)]
    [InlineData("X-Shopify-Shop-Domain", "other.myshopify.com", HttpStatusCode.BadRequest)]
    [InlineData("X-Shopify-Webhook-Id", "another", HttpStatusCode.BadRequest)]
    public async Task A_header_that_comes_twice_is_refused_and_changes_nothing(string name, string? second, HttpStatusCode status)
    {
        var hmac = Signed.Body(System.Text.Encoding.UTF8.GetBytes(Body));
        var head = $"""
            POST /webhooks/shopify HTTP/1.1
            X-Shopify-Hmac-Sha256: {hmac}
            X-Shopify-Topic: app/uninstalled
            X-Shopify-Shop-Domain: {GuardApp.Shop}
            X-Shopify-Webhook-Id: {Guid.NewGuid()}
            """;
        var before = await app.ContentAsync();

        Assert.Equal(status, await app.SendRawAsync($"{head}\n{name}: {second ?? hmac}", Body));
        Assert.Equal(before, await app.ContentAsync());
        Assert.Equal(HttpStatusCode.OK, await app.SendRawAsync(head, Body));
    }

    [Fact]
    public async Task A_body_over_the_limit_gets_413() =>
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await app.WebhookAsync("products/update", new string('x', (1024 * 1024) + 1))).StatusCode);

    // 404 from a build, whose assets have a route of their own for GET; 405 from a published server.
    [Fact]
    public async Task Only_posts_are_taken() =>
        Assert.Contains((await app.Client.GetAsync("/webhooks/shopify")).StatusCode, (HttpStatusCode[])[HttpStatusCode.MethodNotAllowed, HttpStatusCode.NotFound]);

    [Fact]
    public async Task Without_a_database_Shopify_is_told_in_time_to_deliver_again_and_the_server_has_started_all_the_same()
    {
        await using var lonely = new GuardApp().With("ConnectionStrings:Guard", "Host=127.0.0.1;Port=1;Username=guard;Database=guard");
        await ((IAsyncLifetime)lonely).InitializeAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));

        Assert.Equal(HttpStatusCode.OK, (await lonely.Client.GetAsync("/healthz/ready", limit.Token)).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await lonely.WebhookAsync("products/update", Body).WaitAsync(limit.Token)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await lonely.ProxyAsync(HttpMethod.Post, "chat", new { message = "Hello" }).WaitAsync(limit.Token)).StatusCode);
    }
}
