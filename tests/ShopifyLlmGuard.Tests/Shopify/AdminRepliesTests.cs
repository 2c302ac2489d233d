using System.Net;
using ShopifyLlmGuard.Server.Shopify;

namespace ShopifyLlmGuard.Tests.Shopify;

public class AdminRepliesTests
{
    private static AdminReply Read(string json) => AdminReplies.Read(System.Text.Encoding.UTF8.GetBytes(json));

    [Fact]
    public void A_throttled_answer_says_how_long_to_wait()
    {
        var reply = Read("""
            {"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED"}}],
             "extensions":{"cost":{"requestedQueryCost":502,"throttleStatus":{"maximumAvailable":2000.0,"currentlyAvailable":2,"restoreRate":100.0}}}}
            """);

        Assert.Equal(new AdminReply.Throttled(TimeSpan.FromSeconds(5)), reply);
    }

    [Theory]
    [InlineData("""{"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED"}}]}""")]
    [InlineData("""{"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED"}}],"extensions":{"cost":{"requestedQueryCost":5,"throttleStatus":{"currentlyAvailable":1,"restoreRate":0}}}}""")]
    public void A_throttled_answer_without_numbers_waits_a_second(string json) =>
        Assert.Equal(new AdminReply.Throttled(TimeSpan.FromSeconds(1)), Read(json));

    [Theory]
    [InlineData("""{"errors":[{"message":"Field 'prize' doesn't exist"}]}""", "ERROR")]
    [InlineData("""{"errors":[{"message":"no","extensions":{"code":"ACCESS_DENIED"}}],"data":{"product":null}}""", "ACCESS_DENIED")]
    [InlineData("""{"errors":"Not Found"}""", "ERROR")]
    public void An_error_refuses_the_whole_answer_although_some_data_came(string json, string code) =>
        Assert.Equal(code, Assert.IsType<AdminReply.Refused>(Read(json)).Code);

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"data":null}""")]
    public void A_broken_answer_is_no_answer(string json) => Assert.IsType<AdminReply.Unavailable>(Read(json));

    [Theory]
    [InlineData("""{"error":"invalid_subject_token"}""", true)]
    [InlineData("""{"error":"invalid_client"}""", false)]
    [InlineData("<html>", false)]
    public void A_refused_exchange_tells_a_stale_token_from_bad_credentials(string json, bool stale) =>
        Assert.Equal(stale, TokenReplies.ReadRefusal(HttpStatusCode.BadRequest, System.Text.Encoding.UTF8.GetBytes(json)) is TokenReply.InvalidToken);

    [Fact]
    public void A_token_never_shows_itself_in_a_log() =>
        Assert.DoesNotContain("secret", new TokenReply.Granted("secret", "s", TimeSpan.Zero, "secret", TimeSpan.Zero).ToString(), StringComparison.Ordinal);
}
