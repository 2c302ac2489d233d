using System.Text;
using ShopifyLlmGuard.Server.Trust;

namespace ShopifyLlmGuard.Tests.Trust;

public class SignedBodyTests
{
    private static readonly byte[] Body = """{"shop_id":954889,"shop_domain":"exampleshop.myshopify.com"}"""u8.ToArray();

    [Fact]
    public void A_computed_vector_fits() =>
        Assert.True(SignedBody.IsSigned(Body, "GVwnwnfqcpR97BQ524Me4wmSTPw/qJ8gfWx87wL0Q5A=", ["shpss_test_secret"]));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("HVwnwnfqcpR97BQ524Me4wmSTPw/qJ8gfWx87wL0Q5A=")]
    [InlineData("not base64 at all")]
    [InlineData("GVwn")]
    public void Any_other_header_is_refused(string? header) => Assert.False(SignedBody.IsSigned(Body, header, ["shpss_test_secret"]));

    [Fact]
    public void One_changed_byte_is_refused()
    {
        var header = Signed.Body(Body, "s");

        Assert.True(SignedBody.IsSigned(Body, header, ["s"]));
        Assert.False(SignedBody.IsSigned(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Body) + " "), header, ["s"]));
    }
}
