using ShopifyLlmGuard.Server.Shopify;
using ShopifyLlmGuard.Server.Trust;

namespace ShopifyLlmGuard.Tests.Trust;

public class IdTokenTests
{
    private const string Shop = "carewell.myshopify.com";
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_795_392_000);

    private static async Task<IdToken?> ProveAsync(string token, DateTimeOffset? at = null, string secret = Signed.Secret, string? old = null) =>
        (await IdToken.ProveAsync(token, new ShopifyOptions { ClientId = Signed.ClientId, ClientSecret = secret, OldClientSecret = old }, at ?? Now)).Token;

    [Fact]
    public async Task The_documented_sample_fits()
    {
        const string Sample = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2V4YW1wbGVzaG9wLm15c2hvcGlmeS5jb20vYWRtaW4iLCJkZXN0IjoiaHR0cHM6Ly9leGFtcGxlc2hvcC5teXNob3BpZnkuY29tIiwiYXVkIjoiY2xpZW50LWlkLTEyMyIsInN1YiI6IjQyIiwiZXhwIjoxNTkxNzY1MDU4LCJuYmYiOjE1OTE3NjQ5OTgsImlhdCI6MTU5MTc2NDk5OCwianRpIjoiZjg5MTIxMjktMWFmNi00Y2FkLTljYTMtNzZiMGY3NjIxMDg3Iiwic2lkIjoiYWFlYTE4MmYyNzMyZDQ0YzIzMDU3YzBmZWE1ODQwMjFhNDQ4NWIyYmQyNWQzZWI3ZmQzNDkzMTNhZDI0YzY4NSJ9.qSuG0bHWGoHdcdB5D1b8YvHgX0NDO8W1zYr8Cx_BNuQ";
        var options = new ShopifyOptions { ClientId = "client-id-123", ClientSecret = "shpss_test_secret" };

        var (token, _) = await IdToken.ProveAsync(Sample, options, DateTimeOffset.FromUnixTimeSeconds(1591765000));

        Assert.Equal(new IdToken("exampleshop.myshopify.com", "42"), token);
    }

    [Theory]
    [InlineData(-10, true)]
    [InlineData(-11, false)]
    [InlineData(69, true)]
    [InlineData(70, false)]
    public async Task Clocks_may_differ_by_ten_seconds(int seconds, bool good) =>
        Assert.Equal(good, await ProveAsync(Signed.IdToken(Shop, Now), Now.AddSeconds(seconds)) is not null);

    [Theory]
    [InlineData("aud", "another-app")]
    [InlineData("iss", "https://other.myshopify.com/admin")]
    [InlineData("dest", "https://other.myshopify.com")]
    [InlineData("dest", "https://carewell.myshopify.com.attacker.example")]
    [InlineData("dest", "http://carewell.myshopify.com")]
    [InlineData("sub", "")]
    public async Task A_wrong_claim_is_refused(string claim, string value) =>
        Assert.Null(await ProveAsync(Signed.IdToken(Shop, Now, change: claims => claims[claim] = value)));

    [Theory]
    [InlineData("aud")]
    [InlineData("iss")]
    [InlineData("dest")]
    [InlineData("sub")]
    [InlineData("exp")]
    [InlineData("nbf")]
    public async Task A_missing_claim_is_refused(string claim) =>
        Assert.Null(await ProveAsync(Signed.IdToken(Shop, Now, change: claims => claims.Remove(claim))));

    [Fact]
    public async Task Two_audiences_are_refused() =>
        Assert.Null(await ProveAsync(Signed.IdToken(Shop, Now, change: claims => claims["aud"] = new[] { Signed.ClientId, "another-app" })));

    [Theory]
    [InlineData("""{"alg":"none","typ":"JWT"}""")]
    [InlineData("""{"alg":"HS384","typ":"JWT"}""")]
    [InlineData("""{"alg":"RS256","typ":"JWT"}""")]
    public async Task Only_HS256_is_accepted(string header) => Assert.Null(await ProveAsync(Signed.IdToken(Shop, Now, header: header)));

    [Theory]
    [InlineData("")]
    [InlineData("a.b.c")]
    [InlineData("not a token")]
    [InlineData("eyJhbGciOiJub25lIn0.e30.")]
    public async Task Nonsense_is_refused_without_an_exception(string token) => Assert.Null(await ProveAsync(token));

    [Theory]
    [InlineData("k")]
    [InlineData("fifteen-bytes!!")]
    [InlineData("a secret that is rather longer than the sixty-four bytes of one HMAC block is")]
    public async Task A_secret_of_any_length_works(string secret)
    {
        Assert.NotNull(await ProveAsync(Signed.IdToken(Shop, Now, secret), secret: secret));
        Assert.Null(await ProveAsync(Signed.IdToken(Shop, Now, secret + "x"), secret: secret));
    }

    [Fact]
    public async Task The_old_secret_is_accepted_during_a_rotation() =>
        Assert.NotNull(await ProveAsync(Signed.IdToken(Shop, Now, "old-secret"), secret: "new-secret", old: "old-secret"));
}
