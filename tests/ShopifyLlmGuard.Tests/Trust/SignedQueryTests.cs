using System.Globalization;
using ShopifyLlmGuard.Server.Trust;

namespace ShopifyLlmGuard.Tests.Trust;

public class SignedQueryTests
{
    private const string Published =
        "extra=1&extra=2&shop=shop-name.myshopify.com&path_prefix=%2Fapps%2Fawesome_reviews&timestamp=1317327555";

    private static readonly DateTimeOffset Then = DateTimeOffset.FromUnixTimeSeconds(1317327555);

    [Theory]
    [InlineData("&logged_in_customer_id=1", "4c68c8624d737112c91818c11017d24d334b524cb5c2b8ba08daa056f7395ddb")]
    [InlineData("&logged_in_customer_id=", "e072b6d7e6622d85912a5214b860d3100dc1e73d9bc29f43796ac8c9ff8093cb")]
    [InlineData("", "a9718877bea71c2484f91608a7eaea1532bdf71f5c56825065fa4ccabe549ef3")]
    public void Shopifys_published_vectors_fit(string customer, string signature)
    {
        var (query, _) = SignedQuery.Prove($"?{Published}{customer}&signature={signature}", ["hush"], Then);

        Assert.Equal("shop-name.myshopify.com", query?.Shop);
        Assert.Equal("/apps/awesome_reviews", query?.PathPrefix);
    }

    [Theory]
    [InlineData(-90, true)]
    [InlineData(90, true)]
    [InlineData(-91, false)]
    [InlineData(91, false)]
    public void A_signature_is_good_for_90_seconds_either_way(int seconds, bool good)
    {
        var url = Signed.Query("carewell.myshopify.com", Then, "s");

        Assert.Equal(good, SignedQuery.Prove(url, ["s"], Then.AddSeconds(seconds)).Query is not null);
    }

    [Theory]
    [InlineData("shop=carewell.myshopify.com")]
    [InlineData("timestamp=1317327555")]
    [InlineData("signature=00")]
    [InlineData("shop=other.myshopify.com")]
    [InlineData("logged_in_customer_id=1")]
    [InlineData("path_prefix=/apps/guard")]
    public void A_repeated_parameter_that_must_be_single_is_refused(string again) =>
        Assert.Null(SignedQuery.Prove($"{Signed.Query("carewell.myshopify.com", Then, "s")}&{again}", ["s"], Then).Query);

    // Shopify signs what the shopper asked together with its own values, which come behind.
    [Theory]
    [InlineData("shop", "carewell.myshopify.com")]
    [InlineData("timestamp", "1317327555")]
    [InlineData("path_prefix", "/apps/other")]
    [InlineData("logged_in_customer_id", "1")]
    [InlineData("logged_in_customer_id", "")]
    public void A_name_of_Shopifys_own_that_the_shopper_sent_too_is_refused_although_signed(string name, string value) =>
        Assert.Null(SignedQuery.Prove(Signed.Query("carewell.myshopify.com", Then, "s", (name, value)), ["s"], Then).Query);

    [Theory]
    [InlineData("a", "1logged_in_customer_id=7")]
    [InlineData("a", "1path_prefix=/apps/other")]
    [InlineData("xlogged_in_customer_id", "7")]
    public void A_name_of_Shopifys_own_inside_another_parameter_is_refused_although_signed(string name, string value) =>
        Assert.Null(SignedQuery.Prove(Signed.Query("carewell.myshopify.com", Then, "s", (name, value)), ["s"], Then).Query);

    [Fact]
    public void Any_other_name_may_be_repeated() =>
        Assert.NotNull(SignedQuery.Prove(Signed.Query("carewell.myshopify.com", Then, "s", ("tag", "a"), ("tag", "b")), ["s"], Then).Query);

    [Theory]
    [InlineData("shop=evil.myshopify.com.attacker.example")]
    [InlineData("shop=")]
    [InlineData("shop=a.myshopify.com%0A")]
    public void A_shop_that_is_none_is_refused_although_signed(string shop)
    {
        var parameters = SignedQuery.Parse($"{shop}&timestamp=1317327555&path_prefix=/apps/guard");

        Assert.Null(SignedQuery.Prove(Signed.WithSignature(parameters, "s"), ["s"], Then).Query);
    }

    [Fact]
    public void Both_secrets_of_a_rotation_are_accepted_and_no_third_one()
    {
        var url = Signed.Query("carewell.myshopify.com", Then, "old");

        Assert.NotNull(SignedQuery.Prove(url, ["new", "old"], Then).Query);
        Assert.Null(SignedQuery.Prove(url, ["new", "older"], Then).Query);
    }

    [Fact]
    public void Keys_of_which_one_begins_with_the_other_sort_as_whole_pairs() =>
        Assert.Equal("q1=bq=a", SignedQuery.Message(SignedQuery.Parse("q=a&q1=b")));

    [Fact]
    public void Plus_percent_and_umlauts_are_decoded_once() =>
        Assert.Equal("a=ä b+c%20d", SignedQuery.Message(SignedQuery.Parse("a=%C3%A4+b%2Bc%2520d")));

    [Fact]
    public void The_owner_of_one_shop_cannot_have_a_request_of_another_shop_signed()
    {
        // What the attacker asks of the own shop's storefront: one parameter, which looks like four when joined without separators.
        var time = Then.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var asked = SignedQuery.Parse(Signed.Query("evil.myshopify.com", Then, "s", ("a", $"1shop=victim.myshopify.comtimestamp={time}z=")));
        var signature = asked["signature"][0];

        var tail = SignedQuery.Message(asked)[$"a=1shop=victim.myshopify.comtimestamp={time}z=".Length..];
        var forged = $"a=1&shop=victim.myshopify.com&timestamp={time}&z={Uri.EscapeDataString(tail)}&signature={signature}";

        Assert.Equal(SignedQuery.Message(asked), SignedQuery.Message(SignedQuery.Parse(forged)));
        Assert.Null(SignedQuery.Prove(forged, ["s"], Then).Query);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?")]
    [InlineData("?signature=")]
    [InlineData("?&&=&=&signature=%ff%00")]
    [InlineData("?shop=carewell.myshopify.com&timestamp=99999999999999999999&signature=zz")]
    public void Nonsense_is_refused_without_an_exception(string query) => Assert.Null(SignedQuery.Prove(query, ["s"], Then).Query);
}
