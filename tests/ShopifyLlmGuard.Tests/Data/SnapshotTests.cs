using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Fallbacks;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Tests.Data;

public sealed class SnapshotTests
{
    [Fact]
    public async Task A_change_on_one_server_reaches_another_within_a_notification()
    {
        var database = PostgresCluster.Shared.NewDatabase();
        await using var here = await Guard.StartAsync(database, settings: ("Guard:PollEvery", "00:10:00"));
        await using var there = await Guard.StartAsync(database, settings: ("Guard:PollEvery", "00:10:00"));
        await here.InstallAsync(withProducts: false);
        await here.Get<FlagBoard>().SetAsync(Guard.Shop, Features.Chat, false, "Ada", "a test");
        await Guard.UntilAsync(
            () => there.Get<ServingBoard>().Decide(Guard.Shop, Features.Chat).Reason == Reasons.FlagOff, "the other server knows");
    }

    [Fact]
    public async Task A_lost_notification_is_made_up_for_by_polling()
    {
        await using var guard = await Guard.StartAsync(settings: ("Guard:PollEvery", "00:00:01"));
        await guard.InstallAsync(withProducts: false);
        await using var db = guard.Db();
        db.Flags.Add(new Flag { Shop = Guard.Shop, Feature = Features.Chat, On = false });
        await db.SaveChangesAsync();
        await Guard.UntilAsync(() => !guard.Get<Snapshots>().Current.IsOn(Guard.Shop, Features.Chat), "the poll finds it");
    }

    [Fact]
    public async Task Decisions_outlive_the_database_and_a_start_without_it()
    {
        using var cluster = new PostgresCluster();
        var database = cluster.NewDatabase();
        var directory = Directory.CreateTempSubdirectory("guard-data-").FullName;
        await using (var guard = await Guard.StartAsync(database, directory))
        {
            await guard.InstallAsync(withProducts: false);
            await guard.Get<FlagBoard>().SetAsync(Guard.Shop, Features.Chat, false, "Ada", "a test");
            await guard.Get<FallbackBoard>().SaveAsync(Guard.Shop, FallbackContent.Default with { Greeting = "Good day." }, "Ada");
            cluster.Kill();
            Assert.Equal(Reasons.FlagOff, guard.Get<ServingBoard>().Decide(Guard.Shop, Features.Chat).Reason);
            await Guard.UntilAsync(() => !guard.Get<Snapshots>().DatabaseAnswers, "the loss is noticed");
        }

        await using var restarted = await Guard.StartAsync(database, directory, settings: ("Guard:WaitForDatabaseAtStart", "00:00:00"));
        Assert.Equal(Reasons.FlagOff, restarted.Get<ServingBoard>().Decide(Guard.Shop, Features.Chat).Reason);
        Assert.Equal("Good day.", restarted.Get<FallbackBoard>().Read(Guard.Shop).Greeting);
        Assert.False(restarted.Get<Snapshots>().DatabaseAnswers);

        cluster.Start();
        await Guard.UntilAsync(() => restarted.Get<Snapshots>().DatabaseAnswers, "the database is found again");
        await restarted.Get<FlagBoard>().SetAsync(Guard.Shop, Features.Chat, true, "Ada", "back");
        Assert.True(restarted.Get<Snapshots>().Current.IsOn(Guard.Shop, Features.Chat));
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task A_database_that_freezes_is_noticed_and_holds_nothing_up()
    {
        using var cluster = new PostgresCluster();
        var database = cluster.NewDatabase() + ";Command Timeout=1;Timeout=1;Cancellation Timeout=200";
        await using var guard = await Guard.StartAsync(database, settings: ("Guard:PollEvery", "00:00:01"));
        await guard.InstallAsync(withProducts: false);
        cluster.Freeze();
        await Guard.UntilAsync(() => !guard.Get<Snapshots>().DatabaseAnswers, "the silence is noticed");
        Assert.Equal(Reasons.NoEligibleEndpoint, guard.Get<ServingBoard>().Decide(Guard.Shop, Features.Chat).Reason);
        cluster.Thaw();
        await Guard.UntilAsync(() => guard.Get<Snapshots>().DatabaseAnswers, "the database is found again");
    }

    [Fact]
    public async Task A_broken_snapshot_file_is_one_warning()
    {
        var directory = Directory.CreateTempSubdirectory("guard-data-").FullName;
        await File.WriteAllTextAsync(Path.Combine(directory, "snapshot.json"), "{\"Shops\":");
        await using var guard = await Guard.StartAsync(dataDirectory: directory);
        Assert.Contains(guard.Logs.All, line =>
            line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("snapshot.json", StringComparison.Ordinal));
        await guard.InstallAsync(withProducts: false);
        Assert.NotNull(guard.Get<ShopRegistry>().Profile(Guard.Shop));
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task The_bypass_file_works_within_a_second_and_ends_with_its_removal()
    {
        await using var guard = await Guard.StartAsync();
        await guard.InstallAsync(withProducts: false);
        var file = Path.Combine(guard.DataDirectory, "bypass");
        await File.WriteAllTextAsync(file, "");
        await Guard.UntilAsync(() => guard.Get<ServingBoard>().Decide(Guard.Shop, Features.Chat).Reason == Reasons.Bypass, "bypassed");
        File.Delete(file);
        await Guard.UntilAsync(() => guard.Get<ServingBoard>().Decide(Guard.Shop, Features.Chat).Reason != Reasons.Bypass, "no longer");
    }

    [Fact]
    public async Task A_handler_that_throws_does_not_keep_the_others_from_hearing()
    {
        await using var guard = await Guard.StartAsync();
        var heard = 0;
        guard.Get<Snapshots>().Changed += _ => throw new InvalidOperationException();
        guard.Get<Snapshots>().Changed += _ => heard++;
        await guard.Get<Snapshots>().RefreshAsync();
        Assert.True(heard > 0);
    }
}
