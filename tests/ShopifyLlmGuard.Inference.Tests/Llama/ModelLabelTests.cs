using System.Security.Cryptography;
using System.Text;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Tests.Llama;

/// <summary>What a model file says about itself, by which a guard tells whether a host has loaded what a release names.</summary>
public sealed class ModelLabelTests
{
    [Theory]
    [InlineData(0, "F32")]
    [InlineData(7, "Q8_0")]
    [InlineData(15, "Q4_K_M")]
    [InlineData(999, null)]
    [InlineData(1024 + 7, null)]
    [InlineData(null, null)]
    public void The_type_of_the_weights_is_what_the_header_says_and_no_guess(int? type, string? name)
    {
        var model = new TinyModel { FileType = type };
        var label = GgufFile.Inspect(model.Write(Models.NewPath())).Label;
        Assert.Equal(name, label.Quantisation);
        Assert.Equal($"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(model.Template!)))}", label.Template);
    }

    [Fact]
    public void A_header_without_a_template_tells_none() => Assert.Null(GgufFile.Inspect(new TinyModel { Template = null }.Write(Models.NewPath())).Label.Template);
}
