using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Routing;

namespace ShopifyLlmGuard.Tests.Llm;

public sealed class BulkheadTests
{
    [Fact]
    public async Task A_busy_shop_leaves_room_for_the_others()
    {
        var bulkhead = New(perFeature: 4, perShop: 2);
        var greedy = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => bulkhead.EnterAsync("greedy", "chat", default)));
        Assert.Equal(2, greedy.Count(place => place is not null));
        using var modest = await bulkhead.EnterAsync("modest", "chat", default);
        Assert.NotNull(modest);
    }

    [Fact]
    public async Task A_busy_feature_leaves_room_for_the_other()
    {
        var bulkhead = New(perFeature: 1, perShop: 1);
        using var chat = await bulkhead.EnterAsync("shop", "chat", default);
        using var recommendations = await bulkhead.EnterAsync("shop", "recommendations", default);
        Assert.NotNull(chat);
        Assert.NotNull(recommendations);
    }

    [Fact]
    public async Task A_place_that_is_given_back_goes_to_who_waits()
    {
        var bulkhead = New(perFeature: 1, perShop: 1, wait: TimeSpan.FromSeconds(20));
        var first = await bulkhead.EnterAsync("shop", "chat", default);
        var waiting = bulkhead.EnterAsync("shop", "chat", default);
        first!.Dispose();
        using var second = await waiting;
        Assert.NotNull(second);
    }

    [Fact]
    public async Task No_place_is_lost_to_those_who_gave_up()
    {
        var bulkhead = New(perFeature: 2, perShop: 2);
        for (var round = 0; round < 20; round++)
        {
            using var gaveUp = new CancellationTokenSource();
            var all = Enumerable.Range(0, 6).Select(_ => bulkhead.EnterAsync("shop", "chat", gaveUp.Token)).ToList();
            await gaveUp.CancelAsync();
            foreach (var place in await Task.WhenAll(all))
            {
                place?.Dispose();
            }
        }

        using var one = await bulkhead.EnterAsync("shop", "chat", default);
        using var two = await bulkhead.EnterAsync("shop", "chat", default);
        Assert.NotNull(one);
        Assert.NotNull(two);
    }

    [Fact]
    public async Task Two_storms_leave_places_for_a_newcomer()
    {
        var bulkhead = New(perFeature: 8, perShop: 4);
        var storms = await Task.WhenAll(Enumerable.Range(0, 40).Select(call => bulkhead.EnterAsync($"storm-{call % 2}", "chat", default)));
        Assert.Equal(6, storms.Count(place => place is not null));
        Assert.NotNull(await bulkhead.EnterAsync("third", "chat", default));
        Assert.NotNull(await bulkhead.EnterAsync("fourth", "chat", default));
        Assert.Null(await bulkhead.EnterAsync("fifth", "chat", default));
        Assert.Equal(1, bulkhead.Load("chat"));
    }

    [Fact]
    public async Task A_free_place_goes_to_the_shop_that_has_the_fewest()
    {
        var bulkhead = New(perFeature: 3, perShop: 3, wait: TimeSpan.FromSeconds(20));
        var busy = new[] { await bulkhead.EnterAsync("busy", "chat", default), await bulkhead.EnterAsync("busy", "chat", default), await bulkhead.EnterAsync("modest", "chat", default) };
        var again = bulkhead.EnterAsync("busy", "chat", default);
        var newcomer = bulkhead.EnterAsync("newcomer", "chat", default);
        busy[0]!.Dispose();
        Assert.NotNull(await newcomer);
        Assert.False(again.IsCompleted);
        busy[1]!.Dispose();
        Assert.NotNull(await again);
    }

    [Fact]
    public async Task A_place_is_given_back_once()
    {
        var bulkhead = New(perFeature: 1, perShop: 1);
        var place = await bulkhead.EnterAsync("shop", "chat", default);
        place!.Dispose();
        place.Dispose();
        Assert.NotNull(await bulkhead.EnterAsync("shop", "chat", default));
        Assert.Null(await bulkhead.EnterAsync("other", "chat", default));
    }

    private static Bulkhead New(int perFeature, int perShop, TimeSpan? wait = null) => new(
        Options.Create(new LlmOptions { Bulkhead = { PerFeature = perFeature, PerShop = perShop } }),
        Options.Create(new TimeOptions { Bulkhead = wait ?? TimeSpan.FromMilliseconds(50) }), TimeProvider.System);
}
