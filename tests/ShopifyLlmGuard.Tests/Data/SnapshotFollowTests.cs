using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Fallbacks;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Tests.Data;

/// <summary>How a server keeps up, with a poll that never comes: whatever it knows it has heard or read again.</summary>
public sealed class SnapshotFollowTests
{
    private const string Other = "other.myshopify.com";
    private static readonly (string, string?) NoPoll = ("Guard:PollEvery", "00:10:00");

    [Fact]
    public async Task A_notification_that_names_a_part_reads_only_that_part()
    {
        await using var guard = await StartAsync();
        await using var db = guard.Db();
        await SwitchOffUnheardAsync(db, Guard.Shop);
        await PinUnheardAsync(db);

        await TellAsync(db, "pins");
        await Guard.UntilAsync(() => guard.Get<Snapshots>().Current.Pins.Length == 1, "the pin is heard");
        Assert.True(guard.Get<Snapshots>().Current.IsOn(Guard.Shop, Features.Chat));

        await TellAsync(db, "");
        await Guard.UntilAsync(() => !guard.Get<Snapshots>().Current.IsOn(Guard.Shop, Features.Chat), "everything is read");
    }

    [Fact]
    public async Task A_notification_that_names_a_shop_reads_only_that_shop()
    {
        await using var guard = await StartAsync();
        await using var db = guard.Db();
        await SwitchOffUnheardAsync(db, Guard.Shop);
        await SwitchOffUnheardAsync(db, Other);

        await TellAsync(db, $"flags:{Other}");
        await Guard.UntilAsync(() => !guard.Get<Snapshots>().Current.IsOn(Other, Features.Chat), "the shop is read");
        Assert.True(guard.Get<Snapshots>().Current.IsOn(Guard.Shop, Features.Chat));

        await db.Database.ExecuteSqlAsync($"DELETE FROM guard.flags WHERE shop = {Other}");
        await TellAsync(db, $"flags:{Other}");
        await Guard.UntilAsync(() => guard.Get<Snapshots>().Current.IsOn(Other, Features.Chat), "a row that is gone is gone");
    }

    [Fact]
    public async Task A_look_at_everything_finds_what_was_changed_without_a_word()
    {
        await using var guard = await StartAsync();
        await using var db = guard.Db();
        await guard.Get<FallbackBoard>().SaveAsync(Guard.Shop, FallbackContent.Default with { Greeting = "One." }, "Ada");
        await SwitchOffUnheardAsync(db, Guard.Shop);
        await PinUnheardAsync(db);
        await db.Database.ExecuteSqlAsync($"UPDATE guard.shops SET name = 'Renamed' WHERE domain = {Guard.Shop}");
        await db.Database.ExecuteSqlAsync(
            $"INSERT INTO guard.fallback_versions (shop, content, author, saved_at) SELECT shop, jsonb_set(content, ARRAY['greeting'], '\"Two.\"'), author, now() FROM guard.fallback_versions");

        await guard.Get<Snapshots>().RefreshAsync();

        var snapshot = guard.Get<Snapshots>().Current;
        Assert.Equal(("Renamed", "Two.", 1, false), (
            snapshot.Shop(Guard.Shop).Name, snapshot.Fallbacks[Guard.Shop].Greeting, snapshot.Pins.Length, snapshot.IsOn(Guard.Shop, Features.Chat)));
    }

    [Fact]
    public async Task After_its_connections_were_killed_a_server_reads_what_it_missed()
    {
        await using var guard = await StartAsync();
        await using var db = guard.Db();
        await db.Database.OpenConnectionAsync();
        await db.Database.ExecuteSqlAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        await SwitchOffUnheardAsync(db, Guard.Shop);
        await Guard.UntilAsync(() => !guard.Get<Snapshots>().Current.IsOn(Guard.Shop, Features.Chat), "it has read everything again");

        await PinUnheardAsync(db);
        await TellAsync(db, "pins");
        await Guard.UntilAsync(() => guard.Get<Snapshots>().Current.Pins.Length == 1, "it listens again");
    }

    [Fact]
    public async Task A_transaction_that_is_rolled_back_tells_nobody_anything()
    {
        await using var guard = await StartAsync();
        await using var db = guard.Db();
        await using (var transaction = await db.Database.BeginTransactionAsync())
        {
            db.Flags.Add(new Flag { Shop = Guard.Shop, Feature = Features.Chat, On = false });
            await db.SaveAndTellAsync(CancellationToken.None);
            await transaction.RollbackAsync();
        }

        await PinUnheardAsync(db);
        await TellAsync(db, "pins");
        await Guard.UntilAsync(() => guard.Get<Snapshots>().Current.Pins.Length == 1, "the next change is heard");
        Assert.True(guard.Get<Snapshots>().Current.IsOn(Guard.Shop, Features.Chat));
    }

    [Fact]
    public async Task A_change_names_what_was_saved_and_one_by_SQL_alone_is_everything()
    {
        await using var guard = await StartAsync();
        await using var listener = new Npgsql.NpgsqlConnection(guard.Db().Database.GetConnectionString());
        await listener.OpenAsync();
        await using (var listen = new Npgsql.NpgsqlCommand($"LISTEN {GuardDb.Channel}", listener))
        {
            await listen.ExecuteNonQueryAsync();
        }

        var heard = new List<string>();
        listener.Notification += (_, told) => heard.Add(told.Payload);
        await guard.Get<FlagBoard>().SetAsync(Guard.Shop, Features.Chat, false, "Ada", "a test");
        await guard.Get<FallbackBoard>().SaveAsync(Guard.Shop, FallbackContent.Default with { Greeting = "One." }, "Ada");
        await guard.Get<PinBoard>().PinAsync(new(null, null, Mode.Fallback, PinHolder.Human, "Ada", "a test"));
        await using var db = guard.Db();
        await db.SaveAndTellAsync(CancellationToken.None);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (heard.Count(payload => payload != "heartbeat") < 4)
        {
            await listener.WaitAsync(limit.Token);
        }

        Assert.Equal([$"flags:{Guard.Shop}", $"fallbacks:{Guard.Shop}", "pins", ""], heard.Where(payload => payload != "heartbeat"));
    }

    private static async Task<Guard> StartAsync()
    {
        var guard = await Guard.StartAsync(settings: NoPoll);
        await guard.InstallAsync(withProducts: false);
        await guard.Get<ShopRegistry>().InstallAsync(new(Other, "Other", "EUR", null), null);
        return guard;
    }

    private static Task<int> TellAsync(GuardDb db, string payload) => db.Database.ExecuteSqlAsync($"SELECT pg_notify({GuardDb.Channel}, {payload})");

    private static Task<int> SwitchOffUnheardAsync(GuardDb db, string shop) =>
        db.Database.ExecuteSqlAsync($"INSERT INTO guard.flags (shop, feature, \"on\") VALUES ({shop}, 'chat', false)");

    private static async Task PinUnheardAsync(GuardDb db)
    {
        db.Pins.Add(new Pin(Guid.NewGuid(), null, null, Mode.Fallback, PinHolder.Human, "Ada", "a test", TimeProvider.System.GetUtcNow(), null));
        await db.SaveChangesAsync();
    }
}
