using Microsoft.Extensions.Logging;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Fallbacks;
using ShopifyLlmGuard.Server.Storefront;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Storefront;

public class LastResortTests
{
    [Fact]
    public async Task An_assistant_that_throws_is_told_by_type_and_place_without_a_word_of_the_shopper()
    {
        await using var guard = await Guard.StartAsync();
        var lastResort = new LastResort(guard.Get<FallbackBoard>(), guard.Get<ILogger<LastResort>>());
        Answer? given = null;

        await ShopperAnswer.TimeAsync(
            () => ThrowAsync("zanzibar-question"), exception => given = lastResort.Chat(Guard.Shop, "zanzibar-question", exception));
        await ShopperAnswer.TimeAsync(() => ThrowAsync("zanzibar-product"), lastResort.Recommendations);

        Assert.Equal(Reasons.InternalError, given?.Reason);
        Assert.DoesNotContain(guard.Logs.All, line => line.Contains("zanzibar", StringComparison.Ordinal));
        var told = guard.Logs.All.Where(line => line.Contains(nameof(LastResort), StringComparison.Ordinal)).ToList();
        Assert.Equal(2, told.Count);
        Assert.All(told, line => Assert.Contains("FormatException <- KeyNotFoundException", line, StringComparison.Ordinal));
        Assert.All(told, line => Assert.Contains(nameof(ThrowAsync), line, StringComparison.Ordinal));
    }

    private static async Task<Answer> ThrowAsync(string words)
    {
        try
        {
            await Task.Yield();
            throw new KeyNotFoundException($"There is no '{words}'.");
        }
        catch (KeyNotFoundException inner)
        {
            throw new FormatException($"'{words}' is none.", inner);
        }
    }
}
