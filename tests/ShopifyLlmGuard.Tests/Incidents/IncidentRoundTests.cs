using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Incidents;
using ShopifyLlmGuard.Privacy;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Serving.Bypassing;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Tests.Incidents;

public sealed class IncidentRoundTests : IAsyncLifetime
{
    private IncidentSite site = null!;

    public async Task InitializeAsync() => site = await IncidentSite.StartAsync();

    public async Task DisposeAsync() => await site.DisposeAsync();

    [Fact]
    public async Task One_outage_of_all_shops_and_features_is_one_incident_with_a_beginning_and_an_end()
    {
        Assert.Empty(await site.ListAsync());
        await site.AfterAsync(1, EndpointState.Down, "fra-1");
        Assert.Empty(await site.ListAsync());
        await site.AfterAsync(1, EndpointState.Down, "fra-2");
        var line = Assert.Single(await site.ListAsync());
        Assert.Equal((null, 2, "No usable model answers in eu-central"), (line.EndedAt, line.Shops, line.Title));
        await site.AfterAsync(90, EndpointState.Up, "fra-1");

        var file = await site.ReadAsync(line.Id);
        Assert.Equal((IncidentSite.Noon.AddMinutes(2), Incident.Automatic), (file.Detected.At, file.Detected.By));
        Assert.Null(file.Assessed);
        Assert.Null(file.Aware);
        Assert.Equal(IncidentSite.Noon.AddMinutes(92), file.EndedAt);
        Assert.Equal(TimeSpan.FromMinutes(90), file.Duration);
        Assert.Equal(["chat", "recommendations"], file.Features);
        Assert.Equal(["eu-central"], file.Incident.Regions);
        Assert.Equal(["fra-1", "fra-2"], file.Incident.Endpoints);
        Assert.Equal(4, file.Impacts.Count);
        await using var db = site.Guard.Db();
        Assert.Equal(["incident-opened", "incident-ended"], await db.AuditEntries.OrderBy(entry => entry.Sequence).Select(entry => entry.Action).ToListAsync());
        Assert.Empty((await site.Guard.Get<AuditDesk>().VerifyAsync()).Problems);
    }

    [Fact]
    public async Task The_timeline_is_made_from_the_rows_of_that_time()
    {
        await site.AfterAsync(1, EndpointState.Down, "fra-1");
        await site.AfterAsync(1, EndpointState.Down, "fra-2");
        var pin = await site.Guard.Get<PinBoard>().PinAsync(new PinRequest(IncidentSite.Other, Features.Chat, Mode.Fallback, PinHolder.Human, "Bob", "wait"));
        await site.AfterAsync(5, EndpointState.Up, "fra-1");
        var file = await site.ReadAsync(1);
        Assert.Equal(
            ["Endpoint fra-1 was found down.",
             "Chat was held at Fallback (human).", "Chat went to Fallback (no-eligible-endpoint) for 2 shops.", "Chat went to Fallback (pinned) for 1 shop.",
             "Endpoint fra-2 was found down.", "Recommendations went to Fallback (no-eligible-endpoint) for 2 shops.", "The incident was detected.",
             "Chat went to Live for 1 shop.", "Endpoint fra-1 was found up.", "Recommendations went to Live for 2 shops.",
             "The incident ended."],
            file.Timeline.Where(line => line.At > IncidentSite.Noon).Select(line => line.What));
        // What a person holds from then on is no outage any more.
        Assert.Equal(IncidentSite.Noon.AddMinutes(7), file.EndedAt);

        // The other shop's pin, and that it exists at all, is none of this shop's business.
        var own = await site.ReadAsync(1, IncidentSite.Shop);
        Assert.DoesNotContain(own.Timeline, line => line.By == "Bob");
        Assert.Equal((1, IncidentSite.Noon.AddMinutes(7)), (own.Shops, own.EndedAt));
        Assert.Contains(own.Timeline, line => line.What == "Chat went to Live for 1 shop.");
        await site.Guard.Get<PinBoard>().ReleaseAsync(pin.Id, "Bob", "over");
        await site.LookAsync();
        Assert.Equal(IncidentSite.Noon.AddMinutes(7), (await site.ReadAsync(1)).EndedAt);
    }

    [Fact]
    public async Task A_bypass_on_purpose_ends_the_outage_and_stands_in_the_timeline()
    {
        await site.AfterAsync(1, EndpointState.Down, "fra-1", "fra-2");
        site.Pass(TimeSpan.FromMinutes(4));
        site.Guard.Get<Bypass>().Take(BypassDecision.Make(true, null, BypassWay.Command, "Ada", "no more of it", site.Clock));
        await Guard.UntilAsync(() => site.Guard.Get<Snapshots>().Current.Bypasses.Length > 0, "the decision is stored");
        await site.LookAsync();
        var file = await site.ReadAsync(1);
        Assert.Equal(IncidentSite.Noon.AddMinutes(5), file.EndedAt);
        Assert.Contains(file.Timeline, line => (line.What, line.By, line.Reason) == ("The bypass of every shop was switched on.", "Ada", "no more of it"));
    }

    [Fact]
    public async Task A_persons_pin_over_an_alerts_ends_the_incident_although_no_mode_changes_and_its_release_brings_it_back()
    {
        var pins = site.Guard.Get<PinBoard>();
        await pins.PinAsync(new PinRequest(null, null, Mode.Fallback, PinHolder.Incident, "alertmanager", "GpuGone"));
        await site.LookAsync();
        site.Pass(TimeSpan.FromMinutes(3));
        var hold = await pins.PinAsync(new PinRequest(null, null, Mode.Fallback, PinHolder.Human, "Ada", "we look into it"));
        site.Pass(TimeSpan.FromMinutes(1));
        await site.LookAsync();
        Assert.Equal(IncidentSite.Noon.AddMinutes(3), (await site.ReadAsync(1)).EndedAt);

        site.Pass(TimeSpan.FromMinutes(1));
        await pins.ReleaseAsync(hold.Id, "Ada", "let us see");
        await site.LookAsync();
        await site.LookAsync();
        var file = await site.ReadAsync(1);
        Assert.Equal((null, 8), (file.EndedAt, file.Impacts.Count));
        Assert.All(file.Impacts.Where(impact => impact.Until is null), impact => Assert.Equal(IncidentSite.Noon.AddMinutes(5), impact.From));
    }

    [Fact]
    public async Task A_switched_off_feature_under_an_alert_is_not_brought_back_by_a_pin_that_ends()
    {
        var pins = site.Guard.Get<PinBoard>();
        await pins.PinAsync(new PinRequest(null, Features.Chat, Mode.Fallback, PinHolder.Incident, "alertmanager", "GpuGone"));
        var hold = await pins.PinAsync(new PinRequest(IncidentSite.Shop, Features.Chat, Mode.Fallback, PinHolder.Human, "Ada", "we look into it"));
        await site.Guard.Get<FlagBoard>().SetAsync(IncidentSite.Shop, Features.Chat, false, "Ada", "enough");
        await site.LookAsync();
        await pins.ReleaseAsync(hold.Id, "Ada", "over");
        await site.LookAsync();
        Assert.Empty(await site.ListAsync(IncidentSite.Shop));
        Assert.Single(await site.ListAsync(IncidentSite.Other));
    }

    [Fact]
    public async Task Trouble_in_another_region_is_another_incident()
    {
        await using (var db = site.Guard.Db())
        {
            await db.Shops.Where(shop => shop.Domain == IncidentSite.Other)
                .ExecuteUpdateAsync(shop => shop.SetProperty(s => s.Jurisdictions, new List<string> { "US" }));
        }

        await site.AfterAsync(1, EndpointState.Up, "nyc-1");
        await site.AfterAsync(1, EndpointState.Down, "nyc-1");
        await site.AfterAsync(1, EndpointState.Down, "fra-1", "fra-2");
        Assert.Equal(2, (await site.ListAsync()).Count);
        Assert.Equal(["us-east"], (await site.ReadAsync((await site.ListAsync(IncidentSite.Other)).Single().Id)).Incident.Regions);
        Assert.Equal(["eu-central"], (await site.ReadAsync((await site.ListAsync(IncidentSite.Shop)).Single().Id)).Incident.Regions);
        Assert.Null(await site.Guard.Get<IncidentReader>().ReadAsync((await site.ListAsync(IncidentSite.Other)).Single().Id, IncidentSite.Shop));
    }

    [Theory]
    [InlineData(14, 1)]
    [InlineData(16, 2)]
    public async Task Trouble_that_comes_back_soon_is_the_same_incident(double minutes, int incidents)
    {
        await site.AfterAsync(1, EndpointState.Down, "fra-1", "fra-2");
        await site.AfterAsync(10, EndpointState.Up, "fra-1", "fra-2");
        await site.AfterAsync(minutes, EndpointState.Down, "fra-1", "fra-2");
        Assert.Equal(incidents, (await site.ListAsync()).Count);
        await site.AfterAsync(5, EndpointState.Up, "fra-1", "fra-2");
        if (incidents == 1)
        {
            var file = await site.ReadAsync(1);
            Assert.Equal(TimeSpan.FromMinutes(15), file.Duration);
            Assert.Contains(file.Steps, step => step.Kind == IncidentStep.Reopened);
        }
    }

    [Fact]
    public async Task A_degraded_endpoint_that_dies_then_is_one_incident()
    {
        await site.AfterAsync(1, EndpointState.Degraded, "fra-1", "fra-2");
        await site.AfterAsync(20, EndpointState.Down, "fra-1", "fra-2");
        await site.AfterAsync(5, EndpointState.Up, "fra-1");
        var line = Assert.Single(await site.ListAsync());
        Assert.Equal((Reasons.Degraded, TimeSpan.FromMinutes(25)), ((await site.ReadAsync(line.Id)).Incident.Cause, (await site.ReadAsync(line.Id)).Duration));
    }

    [Theory]
    [InlineData(PinHolder.Human, 0)]
    [InlineData(PinHolder.Drill, 0)]
    [InlineData(PinHolder.Incident, 1)]
    public async Task Only_an_alerts_pin_is_trouble(PinHolder holder, int incidents)
    {
        var pin = await site.Guard.Get<PinBoard>().PinAsync(new PinRequest(null, null, Mode.Fallback, holder, "alertmanager", "GuardEndpointDown"));
        await site.LookAsync();
        Assert.Equal(incidents, (await site.ListAsync()).Count);
        site.Clock.Advance(TimeSpan.FromMinutes(3));
        await site.Guard.Get<PinBoard>().ReleaseAsync(pin.Id, "alertmanager", "resolved");
        await site.LookAsync();
        Assert.All(await site.ListAsync(), line => Assert.Equal(IncidentSite.Noon.AddMinutes(3), line.EndedAt));
    }

    [Fact]
    public async Task A_pin_that_came_and_went_between_two_rounds_is_not_missed()
    {
        var pin = await site.Guard.Get<PinBoard>().PinAsync(new PinRequest(null, null, Mode.Off, PinHolder.Incident, "pagerduty", "P1"));
        site.Clock.Advance(TimeSpan.FromSeconds(4));
        await site.Guard.Get<PinBoard>().ReleaseAsync(pin.Id, "pagerduty", "resolved");
        await site.LookAsync();
        Assert.Equal(TimeSpan.FromSeconds(4), (await site.ReadAsync((await site.ListAsync()).Single().Id)).Duration);
    }

    [Fact]
    public async Task A_shop_that_was_never_live_has_lost_nothing()
    {
        await site.AfterAsync(1, EndpointState.Down, "fra-1", "fra-2");
        await site.InstallAsync("new.myshopify.com");
        await site.LookAsync();
        Assert.Empty(await site.ListAsync("new.myshopify.com"));
    }

    [Fact]
    public async Task A_switch_that_is_turned_off_and_a_shop_that_leaves_end_their_part()
    {
        await site.AfterAsync(1, EndpointState.Down, "fra-1", "fra-2");
        await site.Guard.Get<ShopRegistry>().UninstallAsync(IncidentSite.Other, DateTimeOffset.MaxValue);
        await site.Guard.Get<FlagBoard>().SetAsync(IncidentSite.Shop, Features.Chat, false, "Ada", "enough");
        await site.LookAsync();
        Assert.Equal("recommendations", (await site.ReadAsync(1)).Impacts.Single(impact => impact.Until is null).Feature);

        await site.Guard.Get<PrivacyDesk>().RedactShopAsync(IncidentSite.Other);
        Assert.Empty(await site.ListAsync(IncidentSite.Other));
        Assert.Equal(2, (await site.ReadAsync(1)).Shops);
    }

    [Fact]
    public async Task Several_rounds_at_once_on_two_servers_open_it_once()
    {
        await site.AfterAsync(1, EndpointState.Up, "fra-1");
        await using var other = await IncidentSite.StartAsync(site.Guard.Db().Database.GetConnectionString());
        site.Guard.Get<HealthBoard>().Remember("fra-1", new Snapshot.EndpointMark(EndpointState.Down, "x", IncidentSite.Noon.AddMinutes(1)));
        site.Guard.Get<HealthBoard>().Remember("fra-2", new Snapshot.EndpointMark(EndpointState.Down, "x", IncidentSite.Noon.AddMinutes(1)));
        await site.Guard.Get<HealthBoard>().WriteAsync(default);
        await site.Guard.Get<ServingLedger>().RecordAsync();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(number => (number % 2 == 0 ? site : other).Guard.Get<IncidentRound>().RunAsync()));
        Assert.Equal(4, (await site.ReadAsync(Assert.Single(await site.ListAsync()).Id)).Impacts.Count);
    }
}
