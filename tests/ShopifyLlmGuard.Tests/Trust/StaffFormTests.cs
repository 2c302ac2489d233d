using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;

namespace ShopifyLlmGuard.Tests.Trust;

/// <summary>A form of the admin, posted by callers who may and by callers who may not.</summary>
public sealed class StaffFormTests(GuardApp app) : IClassFixture<GuardApp>
{
    private const string Form = "_handler=switch-chat&Switch.Feature=chat&Switch.On=false&Switch.Reason=";
    private const string Path = $"/?shop={GuardApp.Shop}&host=YWRtaW4uc2hvcGlmeS5jb20vc3RvcmUvY2FyZXdlbGw&embedded=1";

    [Theory]
    [InlineData("none")]
    [InlineData("forged")]
    [InlineData("expired")]
    [InlineData("not yet valid")]
    [InlineData("another app's")]
    [InlineData("two shops'")]
    [InlineData("unsigned")]
    public async Task A_form_without_a_good_token_gets_401_and_the_retry_header_and_changes_nothing(string token)
    {
        await app.InstallAsync();
        var before = await app.ContentAsync();

        // A good token in the address, where a form has none, does not help.
        var response = await PostAsync(Of(token), $"{Path}&id_token={Signed.IdToken(GuardApp.Shop, GuardApp.Now)}");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("1", response.Headers.GetValues("X-Shopify-Retry-Invalid-Session-Request").Single());
        Assert.Equal(before, await app.ContentAsync());
    }

    [Theory]
    [InlineData("a good one and a bad one", true, false)]
    [InlineData("a bad one and a good one", false, true)]
    [InlineData("a good one twice", true, true)]
    public async Task A_form_with_two_tokens_gets_401_and_changes_nothing(string _, bool first, bool second)
    {
        await app.InstallAsync();
        var before = await app.ContentAsync();
        string Token(bool good) => good ? Signed.IdToken(GuardApp.Shop, GuardApp.Now) : Of("forged")!;

        Assert.Equal(HttpStatusCode.Unauthorized, await app.SendRawAsync(
            $"""
             POST {Path} HTTP/1.1
             Content-Type: application/x-www-form-urlencoded
             Authorization: Bearer {Token(first)}
             Authorization: Bearer {Token(second)}
             """, Form));
        Assert.Equal(before, await app.ContentAsync());
    }

    [Fact]
    public async Task A_good_token_that_comes_again_gets_the_same_answer_and_changes_nothing_more()
    {
        await app.InstallAsync();
        var token = Signed.IdToken(GuardApp.Shop, GuardApp.Now);
        var untouched = await app.ContentAsync();

        Assert.Equal(HttpStatusCode.Redirect, (await PostAsync(token)).StatusCode);
        var once = await app.ContentAsync();
        Assert.NotEqual(untouched, once);
        Assert.Equal(HttpStatusCode.Redirect, (await PostAsync(token)).StatusCode);
        Assert.Equal(once, await app.ContentAsync());
    }

    [Theory]
    [InlineData(Path)]
    [InlineData($"{Path}&shop={GuardApp.Shop}")]
    public async Task The_token_alone_says_whose_form_it_is(string path)
    {
        const string Other = "other.myshopify.com";
        await app.InstallAsync();
        await app.InstallAsync(Other);
        var own = await FlagsAsync(GuardApp.Shop);

        Assert.Equal(HttpStatusCode.Redirect, (await PostAsync(Signed.IdToken(Other, GuardApp.Now), path)).StatusCode);
        Assert.Equal("chat=False", await FlagsAsync(Other));
        Assert.Equal(own, await FlagsAsync(GuardApp.Shop));
    }

    [Theory]
    [InlineData("shop=carewell.myshopify.com")]
    [InlineData("shop=other.myshopify.com")]
    [InlineData("host=YWRtaW4uc2hvcGlmeS5jb20vc3RvcmUvY2FyZXdlbGw")]
    public async Task A_document_with_a_repeated_parameter_gets_app_bridge_only_although_its_token_is_good(string again)
    {
        await app.InstallAsync();
        var before = await app.ContentAsync();

        var response = await app.Client.GetAsync($"{Path}&{again}&id_token={Signed.IdToken(GuardApp.Shop, GuardApp.Now)}");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var html = await response.Content.ReadAsStringAsync();
        Assert.Contains("app-bridge.js", html, StringComparison.Ordinal);
        Assert.DoesNotContain("s-page", html, StringComparison.Ordinal);
        Assert.Equal(before, await app.ContentAsync());
    }

    private static string? Of(string token) => token switch
    {
        "none" => null,
        "forged" => Signed.IdToken(GuardApp.Shop, GuardApp.Now, "another secret"),
        "expired" => Signed.IdToken(GuardApp.Shop, GuardApp.Now.AddSeconds(-71)),
        "not yet valid" => Signed.IdToken(GuardApp.Shop, GuardApp.Now.AddSeconds(30)),
        "another app's" => Signed.IdToken(GuardApp.Shop, GuardApp.Now, change: claims => claims["aud"] = "another-app"),
        "two shops'" => Signed.IdToken(GuardApp.Shop, GuardApp.Now, change: claims => claims["iss"] = "https://other.myshopify.com/admin"),
        _ => Signed.IdToken(GuardApp.Shop, GuardApp.Now, header: """{"alg":"none","typ":"JWT"}"""),
    };

    private Task<HttpResponseMessage> PostAsync(string? token, string path = Path)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(Form, Encoding.UTF8, "application/x-www-form-urlencoded"),
        };
        request.Headers.TryAddWithoutValidation("Authorization", token is null ? null : $"Bearer {token}");
        return app.Client.SendAsync(request);
    }

    private async Task<string> FlagsAsync(string shop) => string.Join(' ', (await app.QueryAsync(db =>
        db.Flags.Where(flag => flag.Shop == shop).OrderBy(flag => flag.Feature).ToListAsync())).Select(flag => $"{flag.Feature}={flag.On}"));
}
