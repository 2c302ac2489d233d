using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.Tests.Llm;

public sealed class OptionRulesTests
{
    [Fact]
    public void The_defaults_fit_the_promise() => Assert.True(new TimeRules().Validate(null, new TimeOptions()).Succeeded);

    [Fact]
    public void Times_that_do_not_fit_are_all_named()
    {
        var result = new TimeRules().Validate(null, new TimeOptions
        {
            Chat = TimeSpan.FromSeconds(4.9), FirstToken = TimeSpan.FromSeconds(4), TokenGap = TimeSpan.FromSeconds(2), Connect = TimeSpan.Zero,
        });
        Assert.Contains("Time:Promise", result.FailureMessage, StringComparison.Ordinal);
        Assert.Contains("FirstToken, TokenGap", result.FailureMessage, StringComparison.Ordinal);
        Assert.Contains("Time:Connect must be above zero", result.FailureMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_with_mistakes_in_several_sections_names_them_all_and_does_not_start()
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => Guard.StartAsync(settings:
        [
            ("Llm:Endpoints:0:Id", "a"), ("Llm:Endpoints:0:Url", "ftp://x"), ("Llm:Endpoints:1:Id", "a"), ("Time:Chat", "00:00:09"),
            ("Shopify:TokenKey", "short"), ("Health:FailuresToDown", "0"), ("Llm:Endpoints:2:Weight", "many"), ("Llm:Endpoints:2:Id", "b"),
        ]));
        foreach (var mistake in (string[])
            ["Llm:Endpoints:0:Url", "Llm:Endpoints:1:Model", "uses the Id 'a' twice", "Time:Promise", "Shopify:TokenKey", "FailuresToDown",
             "Llm:Endpoints:2:Weight"])
        {
            Assert.Contains(mistake, refused.ToString(), StringComparison.Ordinal);
        }
    }
}
