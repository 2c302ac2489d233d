using System.Text.Json;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Serving;

public sealed class PublicationDeskTests
{
    [Fact]
    public async Task What_is_confirmed_is_not_pending_until_it_changes()
    {
        await using var guard = await Guard.StartAsync();
        await guard.InstallAsync();
        var desk = guard.Get<PublicationDesk>();
        var pending = await desk.PendingAsync(Guard.Shop, 1000);
        Assert.Equal(2 + DemoShop.Products.Count, pending.Count);
        Assert.Equal(["chat", "recommendations"], pending.Take(2).Select(publication => publication.Key));
        await desk.ConfirmAsync(Guard.Shop, [.. pending]);
        Assert.Empty(await desk.PendingAsync(Guard.Shop));

        await guard.Get<FlagBoard>().SetAsync(Guard.Shop, Features.Chat, false, "Ada", "x");
        var changed = Assert.Single(await desk.PendingAsync(Guard.Shop));
        Assert.Equal("Off", JsonDocument.Parse(changed.Json).RootElement.GetProperty("mode").GetString());
        await desk.ForgetAsync(Guard.Shop);
        Assert.Equal(pending.Count, (await desk.PendingAsync(Guard.Shop, 1000)).Count);
    }

    [Fact]
    public async Task A_page_finds_everything_that_it_renders_without_us()
    {
        await using var guard = await Guard.StartAsync();
        await guard.InstallAsync();
        var chat = JsonDocument.Parse(guard.Get<PublicationDesk>().Features(Guard.Shop)[0].Json).RootElement;
        Assert.Equal("Fallback", chat.GetProperty("mode").GetString());
        Assert.Equal("/apps/guard", chat.GetProperty("proxy").GetString());
        Assert.False(string.IsNullOrEmpty(chat.GetProperty("disclosure").GetString()));
        var fallback = chat.GetProperty("fallback");
        Assert.Equal("/pages/contact", fallback.GetProperty("contact").GetProperty("url").GetString());
        Assert.Equal("/pages/booking", fallback.GetProperty("booking").GetProperty("url").GetString());
        Assert.All(fallback.GetProperty("faq").EnumerateArray(), entry => Assert.NotEmpty(entry.GetProperty("answer").GetString()!));
    }
}
