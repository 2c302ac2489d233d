using FsCheck.Xunit;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Chat;

public sealed class AnswerCheckTests
{
    [Theory]
    [InlineData("You could take [1] or [4].", null)]
    [InlineData("We have no such product.", null)]
    [InlineData("", Reasons.EmptyAnswer)]
    [InlineData(" \n ", Reasons.EmptyAnswer)]
    [InlineData("[0] is good.", Reasons.UnusableAnswer)]
    [InlineData("[5] is good.", Reasons.UnusableAnswer)]
    [InlineData("[99999999999] is good.", Reasons.UnusableAnswer)]
    [InlineData("[x] is good.", Reasons.UnusableAnswer)]
    [InlineData("[1 is good.", Reasons.UnusableAnswer)]
    [InlineData("[1].", Reasons.UnusableAnswer)]
    [InlineData("Good<|im_end|>", Reasons.UnusableAnswer)]
    [InlineData("Only 19.90 EUR for [1].", Reasons.UnusableAnswer)]
    [InlineData("Only $5 for [1].", Reasons.UnusableAnswer)]
    [InlineData("See ![x](y) [1]", Reasons.UnusableAnswer)]
    [InlineData("<b>[1]</b>", Reasons.UnusableAnswer)]
    [InlineData("www.evil.example has [1].", Reasons.UnusableAnswer)]
    public void Only_a_clean_answer_about_given_products_passes(string text, string? problem) =>
        Assert.Equal(problem, AnswerCheck.Problem(text, products: 4));

    [Fact]
    public void Too_long_is_unusable() => Assert.Equal(Reasons.UnusableAnswer, AnswerCheck.Problem(new string('a', 701), 4));

    [Property(MaxTest = 300)]
    public bool A_marker_that_was_not_given_never_passes(string before, int marker, string after) =>
        (marker >= 1 && marker <= 4) || AnswerCheck.Problem($"{before}[{marker}]{after}", products: 4) is not null;

    [Fact]
    public void Titles_take_the_place_of_markers()
    {
        var products = DemoShop.Products.Take(4).ToList();
        var (text, named) = AnswerCheck.Render("Take [2], then [1],  or [2].", products);
        Assert.Equal($"Take {products[1].Title}, then {products[0].Title}, or {products[1].Title}.", text);
        Assert.Equal([products[1].Id, products[0].Id], named.Select(product => product.Id));
    }
}
