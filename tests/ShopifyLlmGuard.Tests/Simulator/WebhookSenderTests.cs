extern alias Simulator;

using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Simulator::ShopifyLlmGuard.Simulator.Platform;
using Simulator::ShopifyLlmGuard.Simulator.Platform.Tokens;
using Simulator::ShopifyLlmGuard.Simulator.Platform.Webhooks;
using Simulator::ShopifyLlmGuard.Simulator.Shop;

namespace ShopifyLlmGuard.Tests.Simulator;

public class WebhookSenderTests
{
    private static readonly string[] Promised =
    [
        "X-Shopify-Topic", "X-Shopify-Hmac-Sha256", "X-Shopify-Shop-Domain", "X-Shopify-API-Version", "X-Shopify-Webhook-Id",
        "X-Shopify-Triggered-At", "X-Shopify-Event-Id",
    ];

    [Theory]
    [InlineData("products/update")]
    [InlineData("app/uninstalled")]
    [InlineData("customers/data_request")]
    [InlineData("customers/redact")]
    [InlineData("shop/redact")]
    public async Task A_delivery_carries_every_header_and_signs_the_raw_body(string topic)
    {
        await using var guard = await FakeGuard.StartAsync((_, _) => Task.CompletedTask);
        using var app = new SimulatorApp(("Simulator:AppUrl", guard.Url));
        using var answer = await app.CreateClient().PostAsync($"/simulator/webhooks/{topic}", null);

        var arrival = Assert.Single(guard.Arrivals);
        Assert.Equal("/webhooks/shopify", arrival.Path);
        Assert.All(Promised, header => Assert.Single(arrival.Headers[header]));
        Assert.Equal(topic, arrival.Headers["X-Shopify-Topic"]);
        Assert.Equal(Webhook.Sign(arrival.Body, SimulatorApp.Secret), arrival.Headers["X-Shopify-Hmac-Sha256"]);
    }

    [Fact]
    public async Task Copies_share_their_id_and_a_bad_signature_is_really_bad()
    {
        await using var guard = await FakeGuard.StartAsync((_, response) =>
        {
            response.StatusCode = 401;
            return Task.CompletedTask;
        });
        using var app = new SimulatorApp(("Simulator:AppUrl", guard.Url));
        using var body = new StringContent("""{"shop_domain":"carewell.myshopify.com"}""", Encoding.UTF8, "application/json");
        using var answer = await app.CreateClient().PostAsync("/simulator/webhooks/shop/redact?copies=2&badSignature=true", body);

        var report = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("[401,401]", report.GetProperty("statuses").GetRawText());
        Assert.Single(guard.Arrivals.Select(arrival => arrival.Headers["X-Shopify-Webhook-Id"].ToString()).Distinct());
        Assert.All(guard.Arrivals, arrival => Assert.NotEqual(
            Webhook.Sign(arrival.Body, SimulatorApp.Secret), arrival.Headers["X-Shopify-Hmac-Sha256"].ToString()));
    }

    [Fact]
    public async Task A_changed_product_is_told_and_told_again_until_the_app_takes_it()
    {
        var answers = new Queue<int>([500, 302, 200]);
        await using var guard = await FakeGuard.StartAsync((_, response) =>
        {
            response.StatusCode = answers.Dequeue();
            return Task.CompletedTask;
        });
        using var app = new SimulatorApp(("Simulator:AppUrl", guard.Url), ("Simulator:Platform:WebhookPause", "00:00:00"));
        app.CreateClient().Dispose();
        app.Get<TokenDesk>().Exchange();
        var shop = app.Get<ShopState>();
        shop.Save(shop.Products[0] with { Price = 1.5m });

        await guard.SeesAsync(_ => answers.Count == 0);
        Assert.Equal(3, guard.Arrivals.Count);
        Assert.Single(guard.Arrivals.Select(arrival => arrival.Headers["X-Shopify-Webhook-Id"].ToString()).Distinct());
        Assert.Equal("products/update", guard.Arrivals.First().Headers["X-Shopify-Topic"]);
    }

    [Fact]
    public async Task An_uninstall_kills_the_tokens_and_the_apps_own_metafields_before_the_app_hears_of_it()
    {
        await using var guard = await FakeGuard.StartAsync((_, _) => Task.CompletedTask);
        using var app = new SimulatorApp(("Simulator:AppUrl", guard.Url));
        var pair = app.Get<TokenDesk>().Exchange();
        app.Get<Metafields>().Set(ShopState.AppInstallation, "guard", "chat", "json", "{}");
        using var answer = await app.CreateClient().PostAsync("/simulator/webhooks/app/uninstalled", null);

        Assert.False(app.Get<TokenDesk>().Accepts(pair.Access));
        Assert.Empty(app.Get<Metafields>().Of(ShopState.AppInstallation));
        Assert.True(app.Get<Installation>().Uninstalled);
    }
}
