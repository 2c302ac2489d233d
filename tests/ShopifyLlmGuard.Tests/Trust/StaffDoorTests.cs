using System.Net;
using System.Text;

namespace ShopifyLlmGuard.Tests.Trust;

/// <summary>The admin's door: Shopify's decision table for framed pages.</summary>
public sealed class StaffDoorTests(GuardApp app) : IClassFixture<GuardApp>
{
    private static readonly string Host = Convert.ToBase64String(Encoding.ASCII.GetBytes("admin.shopify.com/store/carewell")).TrimEnd('=');

    private static string Token(DateTimeOffset? at = null) => Signed.IdToken(GuardApp.Shop, at ?? GuardApp.Now);

    private static string Page(string? idToken, string embedded = "1", string shop = GuardApp.Shop, string? host = null) =>
        $"/?shop={shop}&host={Uri.EscapeDataString(host ?? Host)}&embedded={embedded}&locale=en{(idToken is null ? "" : $"&id_token={idToken}")}";

    private Task<HttpResponseMessage> FetchAsync(string? bearer, string path = "/")
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Authorization", bearer);
        return app.Client.SendAsync(request);
    }

    [Fact]
    public async Task A_document_with_a_good_token_is_shown_and_may_be_framed_by_this_shop_only()
    {
        var response = await app.Client.GetAsync(Page(Token()));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("frame-ancestors https://carewell.myshopify.com https://admin.shopify.com;", response.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Contains("app-bridge.js>; rel=\"preload\"", response.Headers.GetValues("Link").Single(), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("X-Frame-Options"));
        Assert.False(response.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task A_fetch_with_a_good_token_is_answered() =>
        Assert.Equal(HttpStatusCode.OK, (await FetchAsync($"Bearer {Token()}")).StatusCode);

    [Theory]
    [InlineData(null)]
    [InlineData("nonsense")]
    public async Task A_document_without_a_good_token_is_sent_to_fetch_one_and_comes_back(string? token)
    {
        var response = await app.Client.GetAsync(Page(token));

        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        var location = response.Headers.Location!.OriginalString;
        Assert.StartsWith("/auth/patch-id-token?shop=carewell.myshopify.com&", location, StringComparison.Ordinal);
        Assert.DoesNotContain("id_token=", location, StringComparison.Ordinal);
        Assert.Contains("shopify-reload=%2F%3Fshop%3Dcarewell.myshopify.com", location, StringComparison.Ordinal);

        var bounce = await app.Client.GetAsync(location);
        Assert.Equal(HttpStatusCode.OK, bounce.StatusCode);
        Assert.Contains("<script data-api-key=\"dev-client-id\" src=\"https://cdn.shopify.com/shopifycloud/app-bridge.js\">", await bounce.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("https://carewell.myshopify.com", bounce.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("expired")]
    [InlineData("forged")]
    [InlineData("malformed")]
    [InlineData("wrong scheme")]
    [InlineData("another app's")]
    public async Task A_fetch_without_a_good_token_gets_401_and_the_retry_header_and_changes_nothing(string token)
    {
        var before = await app.ContentAsync();
        var response = await FetchAsync(token switch
        {
            "expired" => $"Bearer {Token(GuardApp.Now.AddSeconds(-71))}",
            "forged" => $"Bearer {Signed.IdToken(GuardApp.Shop, GuardApp.Now, "another secret")}",
            "another app's" => $"Bearer {Signed.IdToken(GuardApp.Shop, GuardApp.Now, change: claims => claims["aud"] = "another-app")}",
            "wrong scheme" => $"Basic {Token()}",
            _ => "Bearer a.b.c",
        }, Page(idToken: null));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("1", response.Headers.GetValues("X-Shopify-Retry-Invalid-Session-Request").Single());
        Assert.Equal(before, await app.ContentAsync());
    }

    [Fact]
    public async Task A_good_token_in_the_query_does_not_repair_a_bad_one_in_the_header() =>
        Assert.Equal(HttpStatusCode.Unauthorized, (await FetchAsync("Bearer a.b.c", Page(Token()))).StatusCode);

    [Fact]
    public async Task Two_tokens_in_the_query_are_no_token() =>
        Assert.Equal(HttpStatusCode.Redirect, (await app.Client.GetAsync($"{Page(Token())}&id_token={Token()}")).StatusCode);

    [Fact]
    public async Task A_post_without_a_token_gets_401_and_no_redirect()
    {
        var response = await app.Client.PostAsync(Page(Token()), new FormUrlEncodedContent([]));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.True(response.Headers.Contains("X-Shopify-Retry-Invalid-Session-Request"));
    }

    [Theory]
    [InlineData("attacker.example", null)]
    [InlineData("carewell.myshopify.com%22%3E", null)]
    [InlineData(GuardApp.Shop, "")]
    [InlineData(GuardApp.Shop, "YXR0YWNrZXIuZXhhbXBsZS9zdG9yZS94")]
    public async Task A_document_of_no_known_shop_or_host_gets_app_bridge_only_and_echoes_nothing(string shop, string? host)
    {
        var response = await app.Client.GetAsync(Page(Token(), shop: shop, host: host));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var html = await response.Content.ReadAsStringAsync();
        Assert.Contains("app-bridge.js", html, StringComparison.Ordinal);
        Assert.DoesNotContain("attacker", html + response.Headers, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_outside_the_frame_is_sent_into_the_admin()
    {
        var response = await app.Client.GetAsync(Page(Token(), embedded: "0"));

        Assert.Equal("https://admin.shopify.com/store/carewell/apps/dev-client-id", response.Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task A_preflight_is_answered()
    {
        var response = await app.Client.SendAsync(new HttpRequestMessage(HttpMethod.Options, "/"));

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal("7200", response.Headers.GetValues("Access-Control-Max-Age").Single());
    }

    [Theory]
    [InlineData("")]
    [InlineData("?shop=carewell.myshopify.com")]
    [InlineData("?shop=attacker.example&shopify-reload=%2F")]
    [InlineData("?shop=carewell.myshopify.com&shopify-reload=https%3A%2F%2Fattacker.example")]
    [InlineData("?shop=carewell.myshopify.com&shopify-reload=%2F%2Fattacker.example")]
    [InlineData("?shop=carewell.myshopify.com&shopify-reload=%2F%5Cattacker.example")]
    public async Task The_bounce_page_goes_nowhere_else(string query) =>
        Assert.Equal(HttpStatusCode.BadRequest, (await app.Client.GetAsync($"/auth/patch-id-token{query}")).StatusCode);
}
