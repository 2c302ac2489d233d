using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Incidents.Rules;
using ShopifyLlmGuard.Incidents.Signals;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Routing;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Incidents;

/// <summary>A rule that names regions takes their endpoints out of use for as long as a signal fires.</summary>
public sealed class RegionTests : IAsyncLifetime
{
    private IncidentSite site = null!;

    public async Task InitializeAsync()
    {
        site = await IncidentSite.StartAsync(null,
            ("Incidents:Rules:0:Name", "gpu-in-frankfurt"), ("Incidents:Rules:0:Match:0", "severity=critical"), ("Incidents:Rules:0:Regions:0", "EU-central"));
        await using var db = site.Guard.Db();
        await db.Shops.Where(shop => shop.Domain == IncidentSite.Other)
            .ExecuteUpdateAsync(shop => shop.SetProperty(s => s.Jurisdictions, new List<string> { "EU", "US" }));
        await site.LookAsync();
    }

    public async Task DisposeAsync() => await site.DisposeAsync();

    [Fact]
    public async Task A_shop_that_has_no_other_region_falls_back_and_the_others_go_on_elsewhere()
    {
        Assert.Equal(["fra-1", "fra-2"], Eligible(IncidentSite.Shop));
        await SignalAsync(SignalState.Firing);
        var state = site.Guard.Get<ServingBoard>().Read(IncidentSite.Shop)[0];
        Assert.Equal((Mode.Fallback, Reasons.NoEligibleEndpoint), (state.Mode, state.Reason));
        Assert.Equal("Region EU-central is held by alertmanager: GpuGone gpu.", state.Detail);
        Assert.Equal(Mode.Live, site.Guard.Get<ServingBoard>().Decide(IncidentSite.Other, Features.Chat).Mode);
        Assert.Empty(Eligible(IncidentSite.Shop));
        Assert.Equal(["nyc-1"], Eligible(IncidentSite.Other));

        site.Pass(TimeSpan.FromMinutes(9));
        await SignalAsync(SignalState.Resolved);
        Assert.Equal(Mode.Live, site.Guard.Get<ServingBoard>().Decide(IncidentSite.Shop, Features.Chat).Mode);
        Assert.Equal(["fra-1", "fra-2"], Eligible(IncidentSite.Shop));
    }

    [Fact]
    public async Task It_is_an_incident_of_that_region_for_as_long_as_it_was_held()
    {
        await SignalAsync(SignalState.Firing);
        site.Pass(TimeSpan.FromMinutes(9));
        await SignalAsync(SignalState.Resolved);
        var file = await site.ReadAsync(Assert.Single(await site.ListAsync()).Id);
        Assert.Equal((1, TimeSpan.FromMinutes(9), false), (file.Shops, file.Duration, file.EndedAt is null));
        Assert.Equal(["eu-central"], file.Incident.Regions);
        Assert.Equal(["fra-1", "fra-2"], file.Incident.Endpoints);
        Assert.Contains(file.Timeline, line => line.What == "Everything of every shop in region EU-central was held at Fallback (incident).");
    }

    [Fact]
    public void A_region_cannot_be_switched_off()
    {
        var section = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Rules:0:Name"] = "one", ["Rules:0:Match"] = "severity=critical", ["Rules:0:Regions"] = "eu-central", ["Rules:0:Mode"] = "Off",
        }).Build();
        Assert.Contains("Mode cannot be Off beside Regions", Assert.Single(RuleFile.Read(section).Mistakes), StringComparison.Ordinal);
    }

    private string[] Eligible(string shop)
    {
        var call = new ModelCall(site.Guard.Get<LlmRouter>().Caller(shop), Features.Chat, [], new Sampling(8));
        return [.. site.Guard.Get<RoutePlanner>().Eligible(call).Eligible.Select(here => here.Endpoint.Id).Order(StringComparer.Ordinal)];
    }

    private async Task SignalAsync(SignalState state)
    {
        await site.Guard.Get<SignalDesk>().TakeAsync(Signals.Of("gpu", state, site.Clock.GetUtcNow(), Severity.Critical, "eu"), site.Clock.GetUtcNow(), default);
        await site.LookAsync();
    }
}
