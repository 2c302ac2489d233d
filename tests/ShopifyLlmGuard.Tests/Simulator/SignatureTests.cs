extern alias Simulator;

using System.Text;
using System.Text.Json.Nodes;
using Simulator::ShopifyLlmGuard.Simulator.Platform;
using Simulator::ShopifyLlmGuard.Simulator.Platform.Tokens;
using Simulator::ShopifyLlmGuard.Simulator.Platform.Webhooks;

namespace ShopifyLlmGuard.Tests.Simulator;

/// <summary>The simulator and @shopify/shopify-api agree, so that what pleases the one pleases Shopify.</summary>
public sealed class SignatureTests : IDisposable
{
    private readonly SimulatorApp app = new();

    public void Dispose() => app.Dispose();

    [Fact]
    public async Task Shopifys_library_reads_the_tokens_and_addresses_of_the_simulator()
    {
        var body = Encoding.UTF8.GetBytes("""{"text":"größer & <kleiner>"}""");
        var address = app.Get<AppDocument>().Address("/fallback?tab=two words").Query[1..];
        var answer = await Node.AskAsync("library.mjs", new
        {
            clientId = SimulatorApp.ClientId,
            secret = SimulatorApp.Secret,
            documents = new[] { address, address.Replace("locale=en", "locale=de", StringComparison.Ordinal) },
            tokens = new[] { app.Get<IdTokens>().Mint(), app.Get<IdTokens>().Mint() + "x" },
            bodies = new[]
            {
                new { body = Encoding.UTF8.GetString(body), hmac = Webhook.Sign(body, SimulatorApp.Secret), topic = "shop/redact", shop = SimulatorApp.Shop },
            },
        });

        Assert.Equal("[true,false]", answer.GetProperty("documents").GetRawText());
        Assert.Equal($"[\"https://{SimulatorApp.Shop}\",false]", answer.GetProperty("tokens").GetRawText());
        Assert.Equal("[true]", answer.GetProperty("bodies").GetRawText());
    }

    [Fact]
    public async Task The_simulator_believes_a_token_that_Shopifys_library_signed()
    {
        var claims = Claims();
        var answer = await Node.AskAsync("library.mjs", new { clientId = SimulatorApp.ClientId, secret = SimulatorApp.Secret, mint = new[] { claims } });
        Assert.Null(app.Get<IdTokens>().Refuse(answer.GetProperty("minted")[0].GetString()));
    }

    [Theory]
    [InlineData("aud", "another-app", "another app")]
    [InlineData("dest", "https://other.myshopify.com", "another shop")]
    [InlineData("exp", 1, "expired")]
    [InlineData("nbf", 99999999999, "not valid yet")]
    public void A_token_with_a_wrong_claim_is_refused(string claim, object value, string reason)
    {
        var claims = Claims();
        claims[claim] = JsonValue.Create(value);
        Assert.Contains(reason, app.Get<IdTokens>().Refuse(app.Get<IdTokens>().Sign(claims)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_forged_signature_is_refused() =>
        Assert.Contains("signature", app.Get<IdTokens>().Refuse(app.Get<IdTokens>().Mint()[..^4] + "AAAA"), StringComparison.Ordinal);

    [Fact]
    public void The_webhook_signature_matches_a_known_vector() => Assert.Equal(
        "GVwnwnfqcpR97BQ524Me4wmSTPw/qJ8gfWx87wL0Q5A=",
        Webhook.Sign("""{"shop_id":954889,"shop_domain":"exampleshop.myshopify.com"}"""u8.ToArray(), "shpss_test_secret"));

    private JsonObject Claims()
    {
        var now = app.Clock.GetUtcNow().ToUnixTimeSeconds();
        return new()
        {
            ["iss"] = $"https://{SimulatorApp.Shop}/admin",
            ["dest"] = $"https://{SimulatorApp.Shop}",
            ["aud"] = SimulatorApp.ClientId,
            ["sub"] = "42",
            ["exp"] = now + 60,
            ["nbf"] = now,
            ["iat"] = now,
        };
    }
}
