using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Privacy;
using ShopifyLlmGuard.Protections;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Serving.Bypassing;
using ShopifyLlmGuard.Tests.Llm;

namespace ShopifyLlmGuard.Tests.Serving;

public sealed class BypassTests : IDisposable
{
    private const string NoDatabase = "Host=127.0.0.1;Port=1;Username=guard;Database=guard;Timeout=1";
    private readonly string directory = Directory.CreateTempSubdirectory("guard-data-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Property(MaxTest = 100)]
    public Property Whatever_the_order_of_arrival_the_newest_decision_of_each_scope_stands() => Prop.ForAll(
        Gen.Choose(0, 5).Zip(Gen.Elements(true, false)).Zip(Gen.Elements(null, "a.myshopify.com")).ListOf().Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(), given =>
        {
            var (list, seed) = given;
            var decisions = list.Select(one => Decision(one.Item1.Item2, one.Item2, new DateTimeOffset(2026, 11, 24, 12, one.Item1.Item1, 0, TimeSpan.Zero))).ToArray();
            var (here, there) = (Fresh(), Fresh());
            Array.ForEach(decisions, decision => here.Take(decision));
            new Random(seed).Shuffle(decisions);
            Array.ForEach(decisions, decision => there.Take(decision));
            var newest = decisions.Where(decision => decision.Shop is null).OrderByDescending(decision => decision.At).ThenByDescending(decision => decision.Id).FirstOrDefault();
            return here.Standing() == newest && there.Standing() == newest && here.IsOn == (newest?.On ?? false) && there.IsOn == here.IsOn
                && there.IsOnFor("a.myshopify.com") == here.IsOnFor("a.myshopify.com");
        });

    [Fact]
    public async Task A_decision_reaches_another_server_through_the_database_and_is_one_row_with_its_author()
    {
        var database = PostgresCluster.Shared.NewDatabase();
        await using var here = await Guard.StartAsync(database, settings: ("Guard:PollEvery", "00:10:00"));
        await using var there = await Guard.StartAsync(database, settings: ("Guard:PollEvery", "00:10:00"));
        await here.InstallAsync(withProducts: false);
        var on = Decision(true, null);
        Assert.True(here.Get<Bypass>().Take(on));
        Assert.True(there.Get<Bypass>().Take(on, fromPeer: true));
        await Guard.UntilAsync(() => here.Get<Bypass>().Pending.Count + there.Get<Bypass>().Pending.Count == 0, "the decision is stored");
        Assert.Equal(Reasons.Bypass, there.Get<ServingBoard>().Decide(Guard.Shop, Features.Chat).Reason);

        here.Get<Bypass>().Take(Decision(false, null));
        await Guard.UntilAsync(() => !there.Get<Bypass>().IsOn, "the other server hears that it is off");
        await Guard.UntilAsync(() => here.Get<Bypass>().Pending.Count == 0, "that is stored too");
        await using var db = here.Db();
        Assert.Equal([(true, "Ada", "a test"), (false, "Ada", "a test")],
            (await db.BypassDecisions.OrderBy(row => row.At).ToListAsync()).Select(row => (row.On, row.Author, row.Reason)));
        Assert.Equal(1, await db.ServingChanges.CountAsync(change => change.Feature == Features.Chat && change.Reason == Reasons.Bypass));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(here.DataDirectory, "bypasses")));
    }

    [Fact]
    public async Task Without_a_database_a_decision_counts_survives_a_restart_and_becomes_a_row_when_the_database_is_back()
    {
        var on = Decision(true, null);
        await using (var guard = await Guard.StartAsync(NoDatabase, directory, settings: ("Guard:WaitForDatabaseAtStart", "00:00:00")))
        {
            Assert.True(guard.Get<Bypass>().Take(on));
            Assert.Equal(Reasons.Bypass, guard.Get<ServingBoard>().Decide(Guard.Shop, Features.Chat).Reason);
        }

        await using (var restarted = await Guard.StartAsync(NoDatabase, directory, settings: ("Guard:WaitForDatabaseAtStart", "00:00:00")))
        {
            Assert.True(restarted.Get<Bypass>().IsOn);
        }

        await using var back = await Guard.StartAsync(dataDirectory: directory);
        await Guard.UntilAsync(() => back.Get<Bypass>().Pending.Count == 0, "the decision is stored");
        await using var db = back.Db();
        Assert.Equal(on, await db.BypassDecisions.SingleAsync());
    }

    [Fact]
    public async Task A_decision_that_is_left_on_the_disk_counts_and_half_of_one_does_not()
    {
        await using var guard = await Guard.StartAsync(NoDatabase, directory, settings: ("Guard:WaitForDatabaseAtStart", "00:00:00"));
        var folder = Directory.CreateDirectory(Path.Combine(directory, "bypasses")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, $"{Guid.NewGuid()}.json"), "{\"On\":tr");
        Assert.True(new BypassFolder(directory).Keep(Decision(true, null)));
        await Guard.UntilAsync(() => guard.Get<Bypass>().IsOn, "the decision is found");
        await File.WriteAllTextAsync(Path.Combine(directory, "bypass"), "Fire drill\nsecond line");
        await Guard.UntilAsync(() => guard.Get<Bypass>().Holds().Any(hold => hold is { Way: BypassWay.File, Reason: "Fire drill" }), "the file made by hand is found");
        Assert.True(guard.Get<Bypass>().Take(Decision(false, null)));
        Assert.True(guard.Get<Bypass>().IsOn, "The file made by hand means on, whatever was decided.");
    }

    [Fact]
    public async Task A_shops_own_bypass_takes_the_model_away_from_that_shop_and_nothing_else()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await LlmGuard.StartAsync(llm);
        await guard.Get<FlagBoard>().SetAsync(Guard.Shop, Features.Recommendations, false, "Ada", "a test");
        Assert.True(guard.Get<Bypass>().Take(Decision(true, Guard.Shop)));
        var board = guard.Get<ServingBoard>();
        Assert.Equal(Decision_(Mode.Fallback, Reasons.Bypass), board.Decide(Guard.Shop, Features.Chat));
        Assert.Equal(Decision_(Mode.Off, Reasons.FlagOff), board.Decide(Guard.Shop, Features.Recommendations));
        Assert.False(guard.Get<Bypass>().IsOn);
        Assert.False(guard.Get<Bypass>().IsOnFor("other.myshopify.com"));
    }

    [Fact]
    public async Task A_redacted_shops_decisions_are_forgotten_everywhere()
    {
        await using var guard = await Guard.StartAsync(dataDirectory: directory);
        Assert.True(guard.Get<Bypass>().Take(Decision(true, "gone.myshopify.com")));
        await Guard.UntilAsync(() => guard.Get<Bypass>().Pending.Count == 0, "the decision is stored");
        Assert.True(await guard.Get<PrivacyDesk>().RedactShopAsync("gone.myshopify.com"));
        Assert.Null(guard.Get<Bypass>().Standing("gone.myshopify.com"));
        Assert.DoesNotContain(Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories), path => File.ReadAllText(path).Contains("\"Shop\":\"gone.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_is_loud_in_logs_each_minute_and_in_the_gauge_and_proves_itself()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var guard = await Guard.StartAsync(NoDatabase, directory, services => services.AddSingleton<TimeProvider>(clock),
            ("Guard:WaitForDatabaseAtStart", "00:00:00"));
        guard.Get<Bypass>().Take(BypassDecision.Make(true, null, BypassWay.Webhook, "Ada", "a fire", clock));
        Assert.Single(guard.Logs.All, line => line.StartsWith("Critical", StringComparison.Ordinal) && line.Contains("The bypass is on (Webhook, by Ada: a fire)", StringComparison.Ordinal));
        Assert.Equal(1, Gauge(guard)["webhook"]);
        Assert.Equal(0, Gauge(guard)["command"]);
        for (var minute = 1; minute <= 2; minute++)
        {
            var lines = minute;
            await Guard.UntilAsync(
                () =>
                {
                    clock.Advance(TimeSpan.FromSeconds(10));
                    return guard.Logs.All.Count(line => line.Contains("The bypass is still on", StringComparison.Ordinal)) >= lines;
                }, "it reminds");
        }

        Assert.Contains(guard.Get<ProtectionProofs>().Read(), proof => proof is { Protection: Protection.Bypass, Drilled: false });
        guard.Get<Bypass>().Take(BypassDecision.Make(false, null, BypassWay.Command, "Grace", "put out", clock));
        Assert.Contains(guard.Logs.All, line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("is off (Grace: put out)", StringComparison.Ordinal));
        Assert.Equal(0, Gauge(guard)["webhook"]);
    }

    private static Decision Decision_(Mode mode, string? reason) => new(mode, reason);

    private static BypassDecision Decision(bool on, string? shop, DateTimeOffset? at = null) =>
        BypassDecision.Make(on, shop, BypassWay.Command, "Ada", "a test", TimeProvider.System) is var decision && at is { } moment
            ? decision with { Id = Guid.NewGuid(), At = moment } : decision;

    private static Bypass Fresh()
    {
        var nowhere = Options.Create(new GuardOptions { DataDirectory = "/nonexistent" });
        var snapshots = new Snapshots(new SnapshotReader(null!, TimeProvider.System), new SnapshotFile(nowhere, NullLogger<SnapshotFile>.Instance), NullLogger<Snapshots>.Instance);
        return new Bypass(nowhere, snapshots, TimeProvider.System);
    }

    private static Dictionary<string, int> Gauge(Guard guard) => Gauges.Read(guard, "guard.bypass");
}
