using System.Text;
using ShopifyLlmGuard.Server.Shopify;
using ShopifyLlmGuard.Server.Trust;

namespace ShopifyLlmGuard.Tests.Trust;

/// <summary>@shopify/shopify-api and this server believe the same signatures and tokens, in both directions.</summary>
public class ShopifyLibraryTests
{
    private const string Shop = "carewell.myshopify.com";
    private const string Body = """{"shop_domain":"carewell.myshopify.com","text":"größer & <kleiner>"}""";

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task Shopifys_library_accepts_what_the_tests_sign_and_refuses_what_they_forge()
    {
        var bytes = Encoding.UTF8.GetBytes(Body);
        string[] queries =
        [
            Query(Signed.Secret), Query("another secret"), Signed.Query(Shop, Now.AddSeconds(-95), Signed.Secret)[1..],
            Repeated(("tag", "b"), ("tag", "a")), Repeated(("tag", "a,b")), Repeated(("tag", "b"), ("tag", "a")) + "&tag=c",
            Query(Signed.Secret) + "&shop=other.myshopify.com", Repeated(("shop", Shop)), Repeated(("timestamp", "1")),
        ];
        var answer = await Node.AskAsync("library.mjs", new
        {
            clientId = Signed.ClientId,
            secret = Signed.Secret,
            queries,
            tokens = new[]
            {
                Signed.IdToken(Shop, Now), Signed.IdToken(Shop, Now, "another secret"), Signed.IdToken(Shop, Now.AddSeconds(-75)),
                Signed.IdToken(Shop, Now, change: claims => claims["aud"] = "another-app"),
            },
            bodies = new[] { Delivery(Signed.Body(bytes)), Delivery(Signed.Body(bytes, "another secret")) },
        });

        var believed = answer.GetProperty("queries").EnumerateArray().Select(query => query.GetBoolean()).ToList();
        Assert.Equal([true, false, false, true, true, false, false, false, false], believed);
        Assert.Equal(believed, queries.Select(query => SignedQuery.Prove(query, [Signed.Secret], Now).Query is not null));
        Assert.Equal("""["https://carewell.myshopify.com",false,false,false]""", answer.GetProperty("tokens").GetRawText());
        Assert.Equal("[true,false]", answer.GetProperty("bodies").GetRawText());
    }

    [Fact]
    public async Task The_server_accepts_what_Shopifys_library_signs()
    {
        var now = Now.ToUnixTimeSeconds();
        var answer = await Node.AskAsync("library.mjs", new
        {
            clientId = Signed.ClientId,
            secret = Signed.Secret,
            sign = new[]
            {
                new { shop = Shop, path_prefix = "/apps/guard", timestamp = $"{now}", logged_in_customer_id = "", product_id = (string[])["7"], limit = "3", q = "a+b c&d=é" },
                new { shop = Shop, path_prefix = "/apps/guard", timestamp = $"{now}", logged_in_customer_id = "", product_id = (string[])["7", "8"], limit = "3", q = "" },
            },
            deliver = new[] { Body, "{}" },
            mint = new[] { new { iss = $"https://{Shop}/admin", dest = $"https://{Shop}", aud = Signed.ClientId, sub = "42", exp = now + 60, nbf = now, iat = now, jti = "1", sid = "2" } },
        });
        var options = new ShopifyOptions { ClientId = Signed.ClientId, ClientSecret = Signed.Secret };

        Assert.All(answer.GetProperty("signed").EnumerateArray(), signed => Assert.Equal(Shop, SignedQuery.Prove(signed.GetString(), options.Secrets, Now).Query?.Shop));
        var delivered = answer.GetProperty("delivered");
        Assert.True(SignedBody.IsSigned(Encoding.UTF8.GetBytes(Body), delivered[0].GetString(), options.Secrets));
        Assert.True(SignedBody.IsSigned("{}"u8, delivered[1].GetString(), options.Secrets));
        Assert.False(SignedBody.IsSigned("{}"u8, delivered[0].GetString(), options.Secrets));
        Assert.Equal(new IdToken(Shop, "42"), (await IdToken.ProveAsync(answer.GetProperty("minted")[0].GetString()!, options, Now)).Token);
    }

    // A name of Shopify's own that the shopper sent as well is refused by ours only; SignedQueryTests holds that.
    [Fact]
    public async Task Where_the_two_differ_the_server_is_the_stricter_one()
    {
        string[] queries = [Repeated(("logged_in_customer_id", "7")), Repeated(("path_prefix", "/apps/other"))];
        var answer = await Node.AskAsync("library.mjs", new { clientId = Signed.ClientId, secret = Signed.Secret, queries });

        Assert.Equal("[true,true]", answer.GetProperty("queries").GetRawText());
        Assert.All(queries, query => Assert.Null(SignedQuery.Prove(query, [Signed.Secret], Now).Query));
    }

    private static string Repeated(params (string, string)[] more) => Signed.Query(Shop, Now, Signed.Secret, more)[1..];

    private static string Query(string secret) => Signed.Query(Shop, Now, secret, ("product_id", "7"), ("q", "a+b c&d=é"))[1..];

    private static object Delivery(string hmac) => new { body = Body, hmac, topic = "customers/redact", shop = Shop };
}
