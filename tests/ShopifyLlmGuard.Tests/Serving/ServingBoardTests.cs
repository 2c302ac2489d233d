using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Tests.Llm;

namespace ShopifyLlmGuard.Tests.Serving;

public sealed class ServingBoardTests
{
    [Fact]
    public async Task A_pin_holds_is_recorded_and_ends_by_release()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await LlmGuard.StartAsync(llm);
        var pin = await guard.Get<PinBoard>().PinAsync(
            new PinRequest(Guard.Shop, Features.Chat, Mode.Fallback, PinHolder.Human, "Ada", "trying it out"));
        var state = Read(guard);
        Assert.Equal((Mode.Fallback, Reasons.Pinned, pin.Id), (state.Mode, state.Reason, state.Pin?.Id));
        Assert.Equal("Held by Ada: trying it out", state.Detail);

        Assert.True(await guard.Get<PinBoard>().ReleaseAsync(pin.Id, "Grace", "done"));
        Assert.False(await guard.Get<PinBoard>().ReleaseAsync(pin.Id, "Grace", "again"));
        Assert.Equal(Mode.Live, Read(guard).Mode);
        await using var db = guard.Db();
        var row = db.Pins.Single();
        Assert.Equal(("Grace", "done"), (row.ReleasedBy, row.ReleaseReason));
        var changes = db.ServingChanges.Where(change => change.Feature == Features.Chat).OrderBy(change => change.Id).ToList();
        Assert.Equal(
            [(Mode.Live, null), (Mode.Fallback, Reasons.Pinned), (Mode.Live, null)],
            changes.Select(change => (change.Mode, change.Reason)));
    }

    [Fact]
    public async Task Nothing_is_recorded_when_nothing_changes()
    {
        await using var guard = await Guard.StartAsync();
        await guard.InstallAsync(withProducts: false);
        await guard.Get<ServingLedger>().RecordAsync();
        await guard.Get<FlagBoard>().SetAsync(Guard.Shop, Features.Chat, true, "Ada", "it is on already");
        await using var db = guard.Db();
        Assert.Equal(Features.All.Count, db.ServingChanges.Count());
        Assert.Empty(db.FlagChanges);
    }

    [Fact]
    public async Task Two_servers_that_see_the_same_change_record_it_once()
    {
        var database = PostgresCluster.Shared.NewDatabase();
        await using var one = await Guard.StartAsync(database);
        await using var two = await Guard.StartAsync(database);
        await one.InstallAsync(withProducts: false);
        await using (var db = one.Db())
        {
            db.Flags.Add(new Flag { Shop = Guard.Shop, Feature = Features.Chat, On = false });
            await db.SaveChangesAsync();
        }

        await Task.WhenAll(Enumerable.Range(0, 8).Select(index => (index % 2 == 0 ? one : two).Get<ServingLedger>().RecordAsync()));
        await using var after = one.Db();
        Assert.Equal(1, after.ServingChanges.Count(change => change.Reason == Reasons.FlagOff));
    }

    [Fact]
    public async Task A_flag_says_who_turned_it_and_why()
    {
        await using var guard = await Guard.StartAsync();
        await guard.InstallAsync(withProducts: false);
        await guard.Get<FlagBoard>().SetAsync(Guard.Shop, Features.Recommendations, false, "Ada", "inventory week");
        await using var db = guard.Db();
        var change = db.FlagChanges.Single();
        Assert.Equal((false, "Ada", "inventory week"), (change.On, change.Actor, change.Reason));
        Assert.Equal(Mode.Off, guard.Get<ServingBoard>().Decide(Guard.Shop, Features.Recommendations).Mode);
        await Assert.ThrowsAsync<ArgumentException>(() => guard.Get<FlagBoard>().SetAsync(Guard.Shop, "telepathy", true, "Ada", ""));
    }

    [Fact]
    public async Task A_shop_that_nobody_installed_gets_fallback_and_no_endpoint()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await LlmGuard.StartAsync(llm);
        Assert.Equal(
            new Decision(Mode.Fallback, Reasons.NoEligibleEndpoint),
            guard.Get<ServingBoard>().Decide("stranger.myshopify.com", Features.Chat));
    }

    private static ServingState Read(Guard guard) =>
        guard.Get<ServingBoard>().Read(Guard.Shop).Single(state => state.Feature.Key == Features.Chat);
}
