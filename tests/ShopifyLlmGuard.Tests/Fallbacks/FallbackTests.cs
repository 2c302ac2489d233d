using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Fallbacks;

namespace ShopifyLlmGuard.Tests.Fallbacks;

public sealed class FallbackTests
{
    [Theory]
    [InlineData("How long does delivery take?", "working day")]
    [InlineData("when will it be delivered", "working day")]
    [InlineData("can I return opened products", "30 days")]
    [InlineData("where is my order", "tracking link")]
    [InlineData("which payment methods do you take", "checkout")]
    [InlineData("can you give medical advice", "doctor")]
    [InlineData("xyzzy", "taking a break")]
    [InlineData("", "taking a break")]
    public void A_question_gets_the_closest_answer_or_the_greeting(string question, string part)
    {
        var reply = FallbackAnswers.For(FallbackContent.Default, question);
        Assert.Contains(part, reply.Text, StringComparison.Ordinal);
        Assert.Equal(["/pages/contact", "/pages/booking"], reply.Links.Select(link => link.Url));
    }

    [Theory]
    [InlineData("Which blood pressure monitor is good for travel?")]
    [InlineData("I want to order a thermometer for my baby")]
    [InlineData("Can you deliver a rollator with a basket and brakes?")]
    [InlineData("hello")]
    public void A_question_about_products_is_left_to_the_model(string question) =>
        Assert.False(FallbackAnswers.Knows(FallbackContent.Default, question));

    [Fact]
    public void The_default_content_obeys_the_rules() => Assert.Empty(FallbackRules.Check(FallbackContent.Default));

    [Theory]
    [InlineData("javascript:alert(1)")]
    [InlineData("data:text/html,x")]
    [InlineData("//evil.example/x")]
    [InlineData("/\\evil.example")]
    [InlineData("pages/contact")]
    [InlineData("/pages/a b")]
    [InlineData("")]
    public void Only_addresses_that_stay_links_are_allowed(string url) =>
        Assert.Single(FallbackRules.Check(FallbackContent.Default with { Contact = new LinkText("Contact", url) }));

    [Theory]
    [InlineData("/pages/contact")]
    [InlineData("/")]
    [InlineData("https://carewell.example/contact?x=1#y")]
    public void Ordinary_addresses_are_allowed(string url) =>
        Assert.Empty(FallbackRules.Check(FallbackContent.Default with { Contact = new LinkText("Contact", url) }));

    [Fact]
    public async Task All_mistakes_are_named_at_once_and_nothing_is_saved()
    {
        await using var guard = await Guard.StartAsync();
        var mistakes = await guard.Get<FallbackBoard>().SaveAsync(Guard.Shop, new FallbackContent(
            " ", [new FaqEntry("", new string('x', 1001))], new LinkText("", "x"), new LinkText("Book", "/b")), "Ada");
        Assert.Equal(5, mistakes.Count);
        Assert.Empty(await guard.Get<FallbackBoard>().VersionsAsync(Guard.Shop));
    }

    [Fact]
    public async Task A_save_is_read_at_once_and_any_version_comes_back()
    {
        await using var guard = await Guard.StartAsync();
        await guard.InstallAsync(withProducts: false);
        var board = guard.Get<FallbackBoard>();
        Assert.Empty(await board.SaveAsync(Guard.Shop, FallbackContent.Default with { Greeting = "First." }, "Ada"));
        Assert.Empty(await board.SaveAsync(Guard.Shop, FallbackContent.Default with { Greeting = "Second." }, "Grace"));
        Assert.Empty(await board.SaveAsync(Guard.Shop, FallbackContent.Default with { Greeting = "Second." }, "Grace"));
        Assert.Equal("Second.", board.Read(Guard.Shop).Greeting);
        Assert.Equal("Second.", guard.Get<Snapshots>().Current.Fallbacks[Guard.Shop].Greeting);
        var versions = await board.VersionsAsync(Guard.Shop);
        Assert.Equal([("Second.", "Grace"), ("First.", "Ada")], versions.Select(version => (version.Content.Greeting, version.Author)));
        Assert.True(await board.RestoreAsync(Guard.Shop, versions[1].Id, "Ada"));
        Assert.Equal("First.", board.Read(Guard.Shop).Greeting);
        Assert.False(await board.RestoreAsync("other.myshopify.com", versions[1].Id, "Mallory"));
    }
}
