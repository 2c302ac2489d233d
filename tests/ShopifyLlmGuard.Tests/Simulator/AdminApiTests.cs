extern alias Simulator;

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Simulator::ShopifyLlmGuard.Simulator.Platform.Graphql;
using Simulator::ShopifyLlmGuard.Simulator.Platform.Tokens;
using Simulator::ShopifyLlmGuard.Simulator.Shop;

namespace ShopifyLlmGuard.Tests.Simulator;

public sealed class AdminApiTests : IDisposable
{
    private const string Set = "mutation($m: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $m) { metafields { key compareDigest } userErrors { code field } } }";

    private readonly SimulatorApp app = new();

    public void Dispose() => app.Dispose();

    [Theory]
    [InlineData("{ shop { nam } }", "Cannot query field 'nam' on type 'Shop'")]
    [InlineData("{ products(first: \"ten\") { nodes { id } } }", "Argument 'first' has invalid value")]
    [InlineData("query($id: ID!) { product(id: $id) { id } }", "No value provided for a non-null variable")]
    [InlineData("mutation { metafieldsSet(metafields: [{key: \"ab\"}]) { userErrors { code } } }", "Missing required field 'ownerId'")]
    public async Task A_document_that_the_official_schema_does_not_know_is_refused(string query, string message)
    {
        var answer = await app.AskAsync(query);
        Assert.False(answer.TryGetProperty("data", out _));
        Assert.Contains(message, answer.GetProperty("errors").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_valid_field_that_nobody_simulates_is_an_error_and_no_silent_null()
    {
        var answer = await app.AskAsync("{ shop { name weightUnit } }");
        Assert.Equal("NOT_SIMULATED", answer.GetProperty("errors")[0].GetProperty("extensions").GetProperty("code").GetString());
        Assert.Contains("Shop.weightUnit", answer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_version_is_not_found_and_a_wrong_token_is_unauthorized()
    {
        using var client = app.CreateClient();
        using var old = await client.PostAsJsonAsync("/admin/api/2024-01/graphql.json", new { query = "{ shop { name } }" });
        using var stranger = await client.PostAsJsonAsync("/admin/api/2026-10/graphql.json", new { query = "{ shop { name } }" });
        Assert.Equal(HttpStatusCode.NotFound, old.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
    }

    [Fact]
    public async Task Pages_walk_over_every_product_once()
    {
        var seen = new List<string>();
        for (string? after = null; ;)
        {
            var answer = await app.AskAsync(
                "query($a: String) { products(first: 15, after: $a, query: \"status:active\") { nodes { handle } pageInfo { hasNextPage endCursor } } }",
                new { a = after });
            var page = answer.GetProperty("data").GetProperty("products");
            seen.AddRange(page.GetProperty("nodes").EnumerateArray().Select(node => node.GetProperty("handle").GetString()!));
            if (!page.GetProperty("pageInfo").GetProperty("hasNextPage").GetBoolean())
            {
                break;
            }

            after = page.GetProperty("pageInfo").GetProperty("endCursor").GetString();
        }

        Assert.Equal(app.Get<ShopState>().Products.Select(product => product.Handle), seen);
    }

    [Fact]
    public async Task A_products_picture_lies_where_the_API_says()
    {
        var answer = await app.AskAsync("{ product(id: \"gid://shopify/Product/8101\") { featuredMedia { preview { image { url } } } } }");
        var url = answer.GetProperty("data").GetProperty("product").GetProperty("featuredMedia").GetProperty("preview").GetProperty("image").GetProperty("url");
        using var picture = await app.CreateClient().GetAsync(new Uri(url.GetString()!).PathAndQuery);
        Assert.Equal("image/svg+xml", picture.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Metafields_are_written_together_or_not_at_all()
    {
        var answer = await SetAsync(Field("chat", """{"mode":"Live"}"""), Field("recommendations", "{broken"));
        Assert.Equal("INVALID_VALUE", Code(answer));
        Assert.Null(app.Get<Metafields>().Get(ShopState.AppInstallation, "guard", "chat"));
    }

    [Fact]
    public async Task A_stale_digest_changes_nothing()
    {
        var first = await SetAsync(Field("chat", "1"));
        var digest = first.GetProperty("metafields")[0].GetProperty("compareDigest").GetString();
        Assert.Null(Code(await SetAsync(Field("chat", "2", digest))));
        Assert.Equal("STALE_OBJECT", Code(await SetAsync(Field("chat", "3", digest))));
        Assert.Equal("2", app.Get<Metafields>().Get(ShopState.AppInstallation, "guard", "chat")!.Value);
    }

    [Fact]
    public async Task A_JSON_value_above_128_KB_is_too_long()
    {
        Assert.Equal("TOO_LONG", Code(await SetAsync(Field("chat", $"\"{new string('x', 128 * 1024)}\""))));
        Assert.Null(Code(await SetAsync(Field("chat", $"\"{new string('x', (128 * 1024) - 2)}\""))));
    }

    [Fact]
    public async Task More_than_25_metafields_in_a_call_are_refused()
    {
        var fields = Enumerable.Range(0, 26).Select(number => Field($"key{number}", "1")).ToArray();
        var answer = await app.AskAsync(Set, new { m = fields });
        Assert.Contains("MAX_INPUT_SIZE_EXCEEDED", answer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_scope_is_access_denied()
    {
        app.Get<ShopState>().GrantedScopes = ["write_app_proxy"];
        var answer = await app.AskAsync("{ products(first: 1) { nodes { id } } }");
        Assert.Equal("ACCESS_DENIED", answer.GetProperty("errors")[0].GetProperty("extensions").GetProperty("code").GetString());
    }

    [Fact]
    public async Task An_empty_bucket_throttles_and_fills_again_with_time()
    {
        app.Get<CostBucket>().Take(2000);
        var throttled = await app.AskAsync("{ shop { name } }");
        Assert.Equal("THROTTLED", throttled.GetProperty("errors")[0].GetProperty("extensions").GetProperty("code").GetString());

        app.Clock.Advance(TimeSpan.FromSeconds(1));
        var answer = await app.AskAsync("{ shop { name } }");
        Assert.Equal("Carewell", answer.GetProperty("data").GetProperty("shop").GetProperty("name").GetString());
        var status = answer.GetProperty("extensions").GetProperty("cost").GetProperty("throttleStatus");
        Assert.Equal(99, status.GetProperty("currentlyAvailable").GetInt32());
    }

    [Fact]
    public async Task A_query_above_a_thousand_points_is_refused_up_front()
    {
        var answer = await app.AskAsync("{ products(first: 250) { nodes { featuredMedia { preview { image { url } } } } } }");
        Assert.Contains("MAX_COST_EXCEEDED", answer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deprecated_field_is_flagged_in_a_header()
    {
        using var client = app.CreateClient();
        client.DefaultRequestHeaders.Add("X-Shopify-Access-Token", app.Get<TokenDesk>().Exchange().Access);
        var query = new { query = "{ product(id: \"gid://shopify/Product/8101\") { descriptionPlainSummary } }" };
        using var plain = await client.PostAsJsonAsync("/admin/api/2026-10/graphql.json", new { query = "{ shop { name } }" });
        using var flagged = await client.PostAsJsonAsync("/admin/api/2026-10/graphql.json", query);
        Assert.False(plain.Headers.Contains("X-Shopify-API-Deprecated-Reason"));
        Assert.True(flagged.Headers.Contains("X-Shopify-API-Deprecated-Reason"));
    }

    private async Task<JsonElement> SetAsync(params object[] fields) =>
        (await app.AskAsync(Set, new { m = fields })).GetProperty("data").GetProperty("metafieldsSet");

    private static string? Code(JsonElement payload) =>
        payload.GetProperty("userErrors").EnumerateArray().Select(error => error.GetProperty("code").GetString()).FirstOrDefault();

    private static object Field(string key, string value) =>
        new { ownerId = ShopState.AppInstallation, @namespace = "guard", key, type = "json", value };

    private static object Field(string key, string value, string? compareDigest) =>
        new { ownerId = ShopState.AppInstallation, @namespace = "guard", key, type = "json", value, compareDigest };
}
