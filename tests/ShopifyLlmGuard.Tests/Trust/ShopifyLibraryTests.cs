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
        var answer = await Node.AskAsync("library.mjs", new
        {
            clientId = Signed.ClientId,
            secret = Signed.Secret,
            queries = new[]
            {
                Query(Signed.Secret), Query("another secret"),
                Signed.Query(Shop, Now.AddSeconds(-95), Signed.Secret)[1..],
                Query(Signed.Secret) + "&shop=other.myshopify.com",
            },
            tokens = new[]
            {
                Signed.IdToken(Shop, Now), Signed.IdToken(Shop, Now, "another secret"), Signed.IdToken(Shop, Now.AddSeconds(-75)),
                Signed.IdToken(Shop, Now, change: claims => claims["aud"] = "another-app"),
            },
            bodies = new[] { Delivery(Signed.Body(bytes)), Delivery(Signed.Body(bytes, "another secret")) },
        });

        Assert.Equal("[true,false,false,false]", answer.GetProperty("queries").GetRawText());
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
            sign = new[] { new { shop = Shop, path_prefix = "/apps/guard", timestamp = $"{now}", logged_in_customer_id = "", product_id = "7", limit = "3", q = "a+b c&d=é" } },
            mint = new[] { new { iss = $"https://{Shop}/admin", dest = $"https://{Shop}", aud = Signed.ClientId, sub = "42", exp = now + 60, nbf = now, iat = now, jti = "1", sid = "2" } },
        });
        var options = new ShopifyOptions { ClientId = Signed.ClientId, ClientSecret = Signed.Secret };

        Assert.Equal(Shop, SignedQuery.Prove(answer.GetProperty("signed")[0].GetString(), options.Secrets, Now).Query?.Shop);
        Assert.Equal(new IdToken(Shop, "42"), (await IdToken.ProveAsync(answer.GetProperty("minted")[0].GetString()!, options, Now)).Token);
    }

    private static string Query(string secret) => Signed.Query(Shop, Now, secret, ("product_id", "7"), ("q", "a+b c&d=é"))[1..];

    private static object Delivery(string hmac) => new { body = Body, hmac, topic = "customers/redact", shop = Shop };
}
