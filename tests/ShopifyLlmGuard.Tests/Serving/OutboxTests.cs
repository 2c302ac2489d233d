using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Fallbacks;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Tests.Data;

namespace ShopifyLlmGuard.Tests.Serving;

public sealed class OutboxTests
{
    [Fact]
    public async Task A_change_puts_its_shop_in_once_however_often_it_changes()
    {
        await using var guard = await StartAsync();
        foreach (var on in (bool[])[false, true, false])
        {
            await guard.Get<FlagBoard>().SetAsync(Guard.Shop, Features.Chat, on, "Ada", "back and forth");
        }

        await guard.Get<FallbackBoard>().SaveAsync(Guard.Shop, FallbackContent.Default with { Greeting = "One." }, "Ada");
        var claimed = Assert.Single(await guard.Get<Outbox>().ClaimAsync(10, ownOnly: false));
        Assert.Equal((Guard.Shop, false, false), (claimed.Shop, claimed.Products, claimed.Bulk));
    }

    [Fact]
    public async Task A_shop_is_worked_on_by_one_at_a_time_and_stays_when_it_changes_meanwhile()
    {
        await using var guard = await StartAsync();
        var outbox = guard.Get<Outbox>();
        await guard.Get<FlagBoard>().SetAsync(Guard.Shop, Features.Chat, false, "Ada", "first");
        var first = Assert.Single(await outbox.ClaimAsync(10, ownOnly: false));
        await guard.Get<FlagBoard>().SetAsync(Guard.Shop, Features.Chat, true, "Ada", "second");
        Assert.Empty(await outbox.ClaimAsync(10, ownOnly: false));

        await outbox.DoneAsync(first);
        var second = Assert.Single(await outbox.ClaimAsync(10, ownOnly: false));
        await outbox.DoneAsync(second);
        await using var db = guard.Db();
        Assert.Empty(db.Outbox);
    }

    [Fact]
    public async Task The_claim_of_a_killed_server_runs_out()
    {
        await using var guard = await StartAsync();
        await guard.Get<FlagBoard>().SetAsync(Guard.Shop, Features.Chat, false, "Ada", "x");
        Assert.Single(await guard.Get<Outbox>().ClaimAsync(10, ownOnly: false));
        await using var db = guard.Db();
        Assert.Empty(await guard.Get<Outbox>().ClaimAsync(10, ownOnly: false));
        await db.Database.ExecuteSqlAsync($"UPDATE guard.outbox SET claimed_until = claimed_until - interval '1 minute'");
        Assert.Single(await guard.Get<Outbox>().ClaimAsync(10, ownOnly: false));
    }

    [Fact]
    public async Task A_failure_waits_for_its_turn_and_counts()
    {
        await using var guard = await StartAsync();
        await guard.Get<FlagBoard>().SetAsync(Guard.Shop, Features.Chat, false, "Ada", "x");
        var claimed = Assert.Single(await guard.Get<Outbox>().ClaimAsync(10, ownOnly: false));
        await guard.Get<Outbox>().AgainAsync(claimed, TimeSpan.FromHours(1), "Throttled");
        Assert.Empty(await guard.Get<Outbox>().ClaimAsync(10, ownOnly: false));
        await using var db = guard.Db();
        var row = db.Outbox.Single();
        Assert.Equal((1, "Throttled", null), (row.Attempts, row.Trouble, row.ClaimedUntil));
    }

    [Fact]
    public async Task A_pin_for_all_is_recorded_for_all_and_lets_a_shops_own_change_go_first()
    {
        const int count = 2_000;
        await using var guard = await StartAsync();
        await using var db = guard.Db();
        await ManyShops.InstallAsync(db, count);
        await Guard.UntilAsync(() => guard.Get<Snapshots>().Current.Shops.Count == count + 1, "the shops are known");
        await guard.Get<PinBoard>().PinAsync(new(null, null, Mode.Off, PinHolder.Incident, "Alertmanager", "a test"));
        await Guard.UntilAsync(() => db.ServingChanges.Count(change => change.Reason == Reasons.Pinned) == (count + 1) * Features.All.Count, "all are recorded");
        Assert.Equal(count + 1, db.Outbox.Count());
        Assert.Contains(guard.Logs.All, line => line.Contains("shops chat now serves Off (pinned)", StringComparison.Ordinal));

        var shop = ManyShops.Name(1_234);
        await guard.Get<PinBoard>().PinAsync(new(shop, Features.Chat, Mode.Fallback, PinHolder.Human, "Ada", "our own words"));
        Assert.Equal(shop, Assert.Single(await guard.Get<Outbox>().ClaimAsync(1, ownOnly: true)).Shop);
        Assert.Empty(await guard.Get<Outbox>().ClaimAsync(1, ownOnly: true));
        Assert.Single(await guard.Get<Outbox>().ClaimAsync(1, ownOnly: false));
    }

    [Fact]
    public async Task Whoever_claims_a_shop_knows_what_put_it_there()
    {
        var database = PostgresCluster.Shared.NewDatabase();
        await using var here = await Guard.StartAsync(database, settings: ("Guard:PollEvery", "00:10:00"));
        await here.InstallAsync(withProducts: false);
        await EmptyAsync(here);
        await using (var db = here.Db())
        {
            db.Flags.Add(new Flag { Shop = Guard.Shop, Feature = Features.Chat, On = false });
            await Outbox.AskAsync(db, Guard.Shop, products: false, CancellationToken.None);
            await db.SaveChangesAsync();
        }

        Assert.True(here.Get<Snapshots>().Current.IsOn(Guard.Shop, Features.Chat));
        Assert.Single(await here.Get<Outbox>().ClaimAsync(10, ownOnly: false));
        Assert.False(here.Get<Snapshots>().Current.IsOn(Guard.Shop, Features.Chat));
    }

    private static async Task<Guard> StartAsync()
    {
        var guard = await Guard.StartAsync(settings: ("Guard:PollEvery", "00:10:00"));
        await guard.InstallAsync(withProducts: false);
        await EmptyAsync(guard);
        return guard;
    }

    // What the installation put in is not what these tests are about.
    private static async Task EmptyAsync(Guard guard)
    {
        await using var db = guard.Db();
        await db.Outbox.ExecuteDeleteAsync();
    }
}
