using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Serving.Bypassing;

namespace ShopifyLlmGuard.Tests.Serving;

/// <summary>Decisions of clocks that run ahead: who decides later has the last word, on every server and in the database.</summary>
public sealed class BypassClockTests
{
    private static readonly TimeSpan Year = TimeSpan.FromDays(365);

    [Fact]
    public async Task A_later_decision_of_a_right_clock_wins_against_one_that_is_four_minutes_ahead()
    {
        var database = PostgresCluster.Shared.NewDatabase();
        var (fast, right) = (new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddMinutes(4)), new FakeTimeProvider(TimeProvider.System.GetUtcNow()));
        await using var there = await StartAsync(database, fast);
        await using var here = await StartAsync(database, right);
        Assert.True(there.Get<Bypass>().Take(Decide(there, true)));
        await Guard.UntilAsync(() => here.Get<Bypass>().IsOn, "it is on everywhere");

        Assert.True(here.Get<Bypass>().Take(Decide(here, false)));
        Assert.False(here.Get<Bypass>().IsOn);
        await Guard.UntilAsync(() => !there.Get<Bypass>().IsOn, "it is off everywhere");
        await Guard.UntilAsync(() => here.Get<Bypass>().Pending.Count == 0, "it is stored");
        await using var next = await StartAsync(database, right);
        Assert.False(next.Get<Bypass>().IsOn);
        Assert.Equal(2, await next.Db().BypassDecisions.CountAsync());
    }

    [Fact]
    public async Task Rows_of_next_year_count_as_decided_now_in_their_order_and_are_outdated_by_what_follows()
    {
        var database = PostgresCluster.Shared.NewDatabase();
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using (var first = await StartAsync(database, clock))
        {
            await using var db = first.Db();
            await InsertAsync(db, false, clock.GetUtcNow() + Year);
            await InsertAsync(db, true, clock.GetUtcNow() + Year + Year);
        }

        await using var here = await StartAsync(database, clock);
        await using var there = await StartAsync(database, clock);
        Assert.True(here.Get<Bypass>().IsOn && there.Get<Bypass>().IsOn);
        await UntilMendedAsync(here, clock);
        Assert.True(here.Get<Bypass>().IsOn && there.Get<Bypass>().IsOn);

        Assert.True(here.Get<Bypass>().Take(Decide(here, false)));
        await Guard.UntilAsync(() => here.Get<Bypass>().Pending.Count == 0, "it is stored");
        await Guard.UntilAsync(() => !there.Get<Bypass>().IsOn, "it is off everywhere");
        await using var next = await StartAsync(database, clock);
        Assert.False(next.Get<Bypass>().IsOn);
        Assert.Equal([false, true, false], await next.Db().BypassDecisions.OrderBy(row => row.At).Select(row => row.On).ToListAsync());
    }

    [Fact]
    public async Task A_server_whose_clock_is_a_year_ahead_does_not_write_next_year()
    {
        var database = PostgresCluster.Shared.NewDatabase();
        await using var there = await StartAsync(database, new FakeTimeProvider(TimeProvider.System.GetUtcNow() + Year));
        there.Get<Bypass>().Take(Decide(there, true));
        await Guard.UntilAsync(() => there.Get<Bypass>().Pending.Count == 0, "it is stored");
        var row = await there.Db().BypassDecisions.SingleAsync();
        Assert.True(row.At <= TimeProvider.System.GetUtcNow() + BypassDecision.FurthestAhead, $"stored as of {row.At:u}");
        Assert.Equal(row, there.Get<Bypass>().Standing());

        await using var here = await StartAsync(database, new FakeTimeProvider(TimeProvider.System.GetUtcNow()));
        Assert.True(here.Get<Bypass>().Take(Decide(here, false)));
        await Guard.UntilAsync(() => !there.Get<Bypass>().IsOn, "it is off everywhere");
    }

    [Fact]
    public void A_decision_of_next_year_on_the_disk_counts_as_decided_now()
    {
        var directory = Directory.CreateTempSubdirectory("guard-data-").FullName;
        try
        {
            var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
            var ahead = BypassDecision.Make(true, null, BypassWay.Command, "Ada", "a test", new FakeTimeProvider(clock.GetUtcNow() + Year));
            Assert.True(new BypassFolder(directory).Keep(ahead));
            var options = Options.Create(new GuardOptions { DataDirectory = directory });
            using var snapshots = new Snapshots(new SnapshotReader(null!, clock), new SnapshotFile(options, NullLogger<SnapshotFile>.Instance), NullLogger<Snapshots>.Instance);
            var bypass = new Bypass(options, snapshots, clock);
            Assert.True(bypass.IsOn);
            clock.Advance(TimeSpan.FromSeconds(1));
            bypass.Look();
            Assert.True(bypass.Take(BypassDecision.Make(false, null, BypassWay.Webhook, "Grace", "off", clock)));
            Assert.False(bypass.IsOn);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static BypassDecision Decide(Guard guard, bool on) =>
        BypassDecision.Make(on, null, BypassWay.Admin, "Ada", "a test", guard.Get<TimeProvider>(), guard.Get<Bypass>().Standing());

    private static Task<int> InsertAsync(GuardDb db, bool on, DateTimeOffset at) => db.Database.ExecuteSqlAsync(
        $"""INSERT INTO guard.bypass_decisions (id, "on", way, author, reason, at) VALUES ({Guid.NewGuid()}, {on}, 'Command', 'Ada', 'a test', {at})""");

    private static Task UntilMendedAsync(Guard guard, TimeProvider clock) => Incidents.DoorApp.UntilAsync(
        async () => await guard.Db().BypassDecisions.AllAsync(row => row.At <= clock.GetUtcNow()), "the rows are mended");

    private static Task<Guard> StartAsync(string database, TimeProvider clock) =>
        Guard.StartAsync(database, services: services => services.AddSingleton(clock));
}
