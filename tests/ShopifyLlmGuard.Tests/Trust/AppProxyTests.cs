using System.Net;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Catalog;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Tests.Llm;

namespace ShopifyLlmGuard.Tests.Trust;

/// <summary>The storefront's door, over real HTTP.</summary>
public sealed class AppProxyTests(GuardApp app) : IClassFixture<GuardApp>
{
    private static readonly string[] Paths = ["recommendations", "chat"];

    public static TheoryData<string, string> Refused()
    {
        var now = TimeProvider.System.GetUtcNow();
        var good = Signed.Query(GuardApp.Shop, now, Signed.Secret, ("product_id", "1"));
        var cases = new Dictionary<string, string>
        {
            ["unsigned"] = "?product_id=1",
            ["forged"] = Signed.Query(GuardApp.Shop, now, "another secret", ("product_id", "1")),
            ["expired"] = Signed.Query(GuardApp.Shop, now.AddSeconds(-95), Signed.Secret, ("product_id", "1")),
            ["from the future"] = Signed.Query(GuardApp.Shop, now.AddSeconds(95), Signed.Secret, ("product_id", "1")),
            ["changed"] = good.Replace("product_id=1", "product_id=2", StringComparison.Ordinal),
            ["extended"] = $"{good}&limit=3",
            ["two shops"] = $"{good}&shop=other.myshopify.com",
            ["two signatures"] = $"{good}&signature=00",
            ["two timestamps"] = $"{good}&timestamp=1",
            ["two customers, signed"] = Signed.Query(GuardApp.Shop, now, Signed.Secret, ("product_id", "1"), ("logged_in_customer_id", "7")),
            ["two prefixes, signed"] = Signed.Query(GuardApp.Shop, now, Signed.Secret, ("product_id", "1"), ("path_prefix", "/apps/other")),
            ["no shop at all"] = Signed.Query("attacker.example", now, Signed.Secret, ("product_id", "1")),
        };
        var data = new TheoryData<string, string>();
        foreach (var (name, query) in cases)
        {
            data.Add(name, query);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public async Task Anything_but_a_fresh_signature_gets_401_and_changes_nothing(string name, string query)
    {
        var before = await app.ContentAsync();

        foreach (var path in Paths)
        {
            using var request = new HttpRequestMessage(path == "chat" ? HttpMethod.Post : HttpMethod.Get, $"/proxy/{path}{query}");
            request.Content = path == "chat" ? JsonContent.Create(new { message = "Hello" }) : null;
            var response = await app.Client.SendAsync(request);
            Assert.True(response.StatusCode == HttpStatusCode.Unauthorized, $"{name}: {path} answered {response.StatusCode}");
        }

        Assert.Equal(before, await app.ContentAsync());
    }

    [Fact]
    public async Task The_old_secret_still_works_during_a_rotation()
    {
        var query = Signed.Query(GuardApp.Shop, GuardApp.Now, "old-client-secret", ("product_id", "1"));

        Assert.Equal(HttpStatusCode.OK, (await app.Client.GetAsync($"/proxy/recommendations{query}")).StatusCode);
    }

    [Fact]
    public async Task A_replay_within_the_window_gets_the_same_answer_and_changes_nothing()
    {
        var before = await app.ContentAsync();
        var url = $"/proxy/chat{Signed.Query(GuardApp.Shop, GuardApp.Now, Signed.Secret)}";

        var first = await app.Client.PostAsync(url, JsonContent.Create(new { message = "How long does delivery take?" }));
        var again = await app.Client.PostAsync(url, JsonContent.Create(new { message = "How long does delivery take?" }));

        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.Equal(before, await app.ContentAsync());
    }

    [Fact]
    public async Task A_replay_to_a_live_model_costs_an_answer_and_its_evidence_and_changes_nothing_else()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var live = new GuardApp().With("Llm:Endpoints:0:Id", "local-1").With("Llm:Endpoints:0:Url", llm.Url)
            .With("Llm:Endpoints:0:Region", "eu-test").With("Llm:Endpoints:0:Jurisdiction", "EU").With("Llm:Endpoints:0:Model", "scripted");
        await ((IAsyncLifetime)live).InitializeAsync();
        await live.InstallAsync();
        await live.Services.GetRequiredService<ProductCatalog>().UpsertAsync(GuardApp.Shop, DemoShop.Products);
        var before = await live.ContentAsync();
        var url = $"/proxy/chat{Signed.Query(GuardApp.Shop, GuardApp.Now, Signed.Secret)}";

        foreach (var _ in (string[])["first", "replay"])
        {
            var answer = await live.Client.PostAsync(url, JsonContent.Create(new { message = "Which blood pressure monitor is good for travel?" }));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.NotEmpty(llm.Requests);
        await Guard.UntilAsync(() => CountAttempts(live) == llm.Requests.Count, "the evidence is stored");
        Assert.Equal(before, await live.ContentAsync());
    }

    // Shopify signs a name that the shopper repeats; such a request is the shopper's own mistake.
    [Theory]
    [InlineData("product_id")]
    [InlineData("limit")]
    public async Task A_parameter_of_ours_that_is_signed_twice_gets_400(string name) =>
        Assert.Equal(HttpStatusCode.BadRequest, (await app.ProxyAsync(
            HttpMethod.Get, "recommendations", null, ("product_id", "1"), ("limit", "2"), (name, "2"))).StatusCode);

    [Fact]
    public async Task A_refusal_is_decided_before_the_body_is_looked_at()
    {
        var response = await app.Client.PostAsync("/proxy/chat", new StringContent("{ not json", System.Text.Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task A_client_that_asks_too_much_gets_429_and_others_do_not()
    {
        await using var strict = new GuardApp().With("ClientLimits:ChatsPerMinute", "3");
        await ((IAsyncLifetime)strict).InitializeAsync();

        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 4; i++)
        {
            statuses.Add((await AskAsync(strict, "203.0.113.7")).StatusCode);
        }

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests], statuses);
        Assert.True((await AskAsync(strict, "203.0.113.7")).Headers.RetryAfter?.Delta > TimeSpan.Zero);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(strict, "203.0.113.8")).StatusCode);
    }

    private static int CountAttempts(GuardApp guard)
    {
        using var db = guard.Services.GetRequiredService<IDbContextFactory<GuardDb>>().CreateDbContext();
        return db.Attempts.Count(attempt => attempt.Endpoint == "local-1");
    }

    private static Task<HttpResponseMessage> AskAsync(GuardApp guard, string client)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/proxy/chat{Signed.Query(GuardApp.Shop, GuardApp.Now, Signed.Secret)}")
        {
            Content = JsonContent.Create(new { message = "Hello" }),
        };
        request.Headers.Add("X-Forwarded-For", $"{client}, 198.51.100.1");
        return guard.Client.SendAsync(request);
    }
}
