using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ShopifyLlmGuard.Incidents.Formats;
using ShopifyLlmGuard.Incidents.Signals;

namespace ShopifyLlmGuard.Tests.Incidents;

/// <summary>What happens to deliveries while the database is away, and to those that a server left behind.</summary>
public sealed class LostAndFoundTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Without_a_database_the_source_is_asked_to_come_again_and_then_it_counts(bool frozen)
    {
        using var cluster = new PostgresCluster();
        var app = new GuardApp().Configured().With("ConnectionStrings:Guard", cluster.NewDatabase()).With("Guard:LongestBackoff", "00:00:00.5");
        await app.InitializeAsync();
        try
        {
            var sent = Samples.PagerDuty("Q1", firing: true, GuardApp.Now);
            (frozen ? (Action)cluster.Freeze : cluster.Stop)();

            var response = await app.Client.SendAsync(sent.Request());

            Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(5)), (response.StatusCode, response.Headers.RetryAfter?.Delta));
            (frozen ? (Action)cluster.Thaw : cluster.Start)();
            await DoorApp.UntilAsync(async () => (await app.Client.SendAsync(sent.Request())).StatusCode == HttpStatusCode.Accepted, "it is taken");
            await Guard.UntilAsync(() => app.Held().SequenceEqual(["pagerduty chat Fallback"]), "the feature is held");
            Assert.Equal(1, await app.QueryAsync(db => db.IncidentDeliveries.CountAsync()));
        }
        finally
        {
            await ((IAsyncLifetime)app).DisposeAsync();
        }
    }

    [Fact]
    public async Task What_was_answered_202_is_done_although_the_server_dies_right_after()
    {
        var database = PostgresCluster.Shared.NewDatabase();
        await using (var first = await Guard.StartAsync(database))
        {
            // As a server that stored it, and took it, and was killed with it in its hands.
            await first.Host.StopAsync();
            await first.Get<SignalInbox>().StoreAsync(IncidentSources.Alertmanager, null, [Signals.Firing("k")], GuardApp.Now.AddMinutes(-1), CancellationToken.None);
            Assert.NotNull(await first.Get<SignalInbox>().TakeAsync(CancellationToken.None));
            Assert.Null(await first.Get<SignalInbox>().TakeAsync(CancellationToken.None));
        }

        await using var second = await Guard.StartAsync(database, settings: Signals.Rule);

        await DoorApp.UntilAsync(() => second.Db().Pins.AnyAsync(pin => pin.Actor == IncidentSources.Alertmanager), "the second server does it", seconds: 40);
        Assert.Equal(2, (await second.Db().IncidentDeliveries.SingleAsync()).Attempts);
    }

    [Fact]
    public async Task Two_servers_do_two_hundred_repetitions_once()
    {
        var database = PostgresCluster.Shared.NewDatabase();
        await using var one = await Guard.StartAsync(database, settings: Signals.Rule);
        await using var other = await Guard.StartAsync(database, settings: Signals.Rule);
        var signals = Enumerable.Range(0, 20).Select(_ => Signals.Firing("k")).ToList();

        await Task.WhenAll(Enumerable.Range(0, 10).Select(number => (number % 2 == 0 ? one : other).Get<SignalInbox>().StoreAsync(
            IncidentSources.Alertmanager, null, signals, GuardApp.Now, CancellationToken.None)));
        await Task.WhenAll(one.Get<SignalRound>().RunAsync(CancellationToken.None), other.Get<SignalRound>().RunAsync(CancellationToken.None));
        await DoorApp.UntilAsync(() => one.Db().IncidentDeliveries.AllAsync(row => row.HandledAt != null), "everything is handled", seconds: 60);

        Assert.Equal(1, await one.Db().Pins.CountAsync());
    }

    [Fact]
    public async Task A_pin_that_a_human_has_released_stays_released_while_the_alert_repeats()
    {
        await using var guard = await Guard.StartAsync(settings: Signals.Rule);
        var desk = guard.Get<SignalDesk>();
        await desk.TakeAsync(Signals.Firing("k"), GuardApp.Now, CancellationToken.None);
        var pin = await guard.Db().Pins.SingleAsync();
        await guard.Get<ShopifyLlmGuard.Serving.PinBoard>().ReleaseAsync(pin.Id, "operator", "we know");

        await desk.TakeAsync(Signals.Firing("k"), GuardApp.Now, CancellationToken.None);

        Assert.Equal("operator", (await guard.Db().Pins.SingleAsync()).ReleasedBy);
        Assert.Equal(SignalOutcomes.Held, (await guard.Db().SignalStandings.SingleAsync()).Outcome);
    }

    [Fact]
    public async Task A_signal_that_no_rule_knows_is_kept_to_be_looked_at()
    {
        await using var guard = await Guard.StartAsync();

        await guard.Get<SignalDesk>().TakeAsync(Signals.Firing("k"), GuardApp.Now, CancellationToken.None);

        var standing = await guard.Db().SignalStandings.SingleAsync();
        Assert.Equal((SignalOutcomes.Unhandled, 0, 0), (standing.Outcome, standing.Rules.Length, await guard.Db().Pins.CountAsync()));
    }

    [Fact]
    public async Task A_signal_that_fails_holds_up_no_other_of_its_delivery_and_is_given_up_aloud()
    {
        await using var guard = await Guard.StartAsync(settings: Signals.Rule);
        await Poison.PutAsync(guard.Db(), "signal_standings", "dedup_key = 'a-poison'");
        await guard.Get<SignalInbox>().StoreAsync(
            IncidentSources.Alertmanager, null, [Signals.Firing("a-poison"), Signals.Firing("b-good")], GuardApp.Now, CancellationToken.None);
        await guard.Get<SignalRound>().RunAsync(CancellationToken.None);
        await DoorApp.UntilAsync(() => guard.Db().Pins.AnyAsync(pin => pin.Reason.EndsWith("b-good")), "the other one is done");
        await DoorApp.UntilAsync(() => guard.Db().IncidentDeliveries.AnyAsync(row => row.Error != null), "the failure is noted");
        Assert.DoesNotContain(guard.Logs.All, line => line.Contains("nothing could be done about it", StringComparison.Ordinal));

        var last = IncidentDelivery.MaximumAttempts - 1;
        var now = GuardApp.Now.AddMinutes(-1);
        await guard.Db().IncidentDeliveries.ExecuteUpdateAsync(row => row.SetProperty(r => r.Attempts, last).SetProperty(r => r.DueAt, now));
        await guard.Get<SignalRound>().RunAsync(CancellationToken.None);
        await Guard.UntilAsync(() => guard.Logs.All.Count(line => line.StartsWith("Critical", StringComparison.Ordinal)
            && line.Contains("a-poison", StringComparison.Ordinal) && line.Contains("nothing could be done about it in 12 attempts", StringComparison.Ordinal)) == 1, "it is given up");
        Assert.Null(await guard.Get<SignalInbox>().TakeAsync(CancellationToken.None));
        Assert.Equal(1, await guard.Db().Pins.CountAsync());
    }

    [Fact]
    public async Task A_pin_that_is_held_again_after_it_expired_has_an_audit_entry_again()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var guard = await Guard.StartAsync(
            services: services => services.AddSingleton<TimeProvider>(clock), settings: [.. Signals.Rule, ("Incidents:Rules:0:For", "00:02:00")]);
        await guard.Get<SignalDesk>().TakeAsync(Signals.Firing("k"), clock.GetUtcNow(), CancellationToken.None);
        clock.Advance(TimeSpan.FromSeconds(90));
        await guard.Get<SignalDesk>().TakeAsync(Signals.Firing("k"), clock.GetUtcNow(), CancellationToken.None);
        Assert.Equal(1, await guard.Db().AuditEntries.CountAsync());

        clock.Advance(TimeSpan.FromMinutes(3));
        await guard.Get<SignalDesk>().TakeAsync(Signals.Firing("k"), clock.GetUtcNow(), CancellationToken.None);
        Assert.Equal(["pin-placed", "pin-placed"], await guard.Db().AuditEntries.Select(entry => entry.Action).ToListAsync());
        Assert.Equal(1, await guard.Db().Pins.CountAsync());
    }
}
