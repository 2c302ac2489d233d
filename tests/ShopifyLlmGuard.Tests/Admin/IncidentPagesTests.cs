using System.Net;
using ShopifyLlmGuard.Admin.Words;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Incidents;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Tests.Admin;

public sealed class IncidentPagesTests : IAsyncLifetime
{
    private AdminSite site = null!;

    public async Task InitializeAsync() => site = await AdminSite.StartAsync();

    public async Task DisposeAsync() => await site.DisposeAsync();

    [Fact]
    public async Task A_merchant_takes_an_incident_from_awareness_to_a_closed_file()
    {
        var empty = await site.OpenAsync("/incidents");
        Assert.Contains("There has been no incident.", empty.Words("Incidents of your shop"), StringComparison.Ordinal);
        await FallAsync(site);
        var list = await site.OpenAsync("/incidents");
        Assert.Contains("1: No usable model answers in eu-local Goes on", list.Words("Incidents of your shop"), StringComparison.Ordinal);

        var page = await site.OpenAsync("/incidents/1");
        Assert.Contains("Nobody has said to be aware of it yet.", page.Words(), StringComparison.Ordinal);
        page = await page.SubmitAsync("aware", ("Step.At", "2026-11-23T12:30"), ("Step.Zone", "Europe/Berlin"), ("Step.Reason", "a customer called"));
        Assert.Equal("Recorded. The clocks that start with awareness run.", page.Announced);
        Assert.Contains("due in 23 hours 30 minutes", page.Words("Clocks"), StringComparison.Ordinal);
        Assert.Contains("2026-11-24 11:30:00 UTC", page.Words("Clocks"), StringComparison.Ordinal);

        page = await page.SubmitAsync("assess", ("Assess.CriticalPath", "No"), ("Assess.PersonalData", "No"), ("Assess.Loss", "0"), ("Assess.RootCause", "power cut"));
        Assert.Equal("The assessment is recorded.", page.Announced);
        Assert.Contains("GDPR notification to the authority Not required", page.Words("Clocks"), StringComparison.Ordinal);
        page = await page.SubmitAsync("decide-significant", ("Step.Is", "no"), ("Step.Reason", "checkout was fine"));
        Assert.Contains("A significant incident (NIS2): no, decided by you", page.Words("Significance"), StringComparison.Ordinal);
        page = await page.SubmitAsync("submit", ("Step.Stage", "gdpr-notification"), ("Step.Reference", "REF-1"));
        Assert.Contains("by you, reference REF-1", page.Words("Clocks"), StringComparison.Ordinal);
        page = await page.SubmitAsync("close", ("Step.Reason", "enough"));
        Assert.StartsWith("It goes on", page.Announced, StringComparison.Ordinal);

        await RecoverAsync(site);
        page = await (await site.OpenAsync("/incidents/1")).SubmitAsync("close", ("Step.Reason", "power is back"));
        Assert.Equal("The file is closed.", page.Announced);
        Assert.Contains("Closed", (await site.OpenAsync("/incidents")).Words("Incidents of your shop"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mistakes_are_said_and_nothing_is_recorded()
    {
        await FallAsync(site);
        var page = await site.OpenAsync("/incidents/1");
        Assert.Equal("That moment has not come yet.", (await page.SubmitAsync("aware", ("Step.At", "2026-11-24T12:30"))).Announced);
        Assert.Equal("The moment could not be read. Leave it empty for now, or choose a date and a time.", (await page.SubmitAsync("aware", ("Step.At", "noon"))).Announced);
        Assert.StartsWith("A number is not a number.", (await page.SubmitAsync("assess", ("Assess.Loss", "much"))).Announced, StringComparison.Ordinal);
        Assert.Equal("A reason is missing.", (await page.SubmitAsync("decide-breach", ("Step.Is", "yes"))).Announced);
        Assert.StartsWith("There is no report", (await page.SubmitAsync("submit", ("Step.Stage", "hipaa-individuals"))).Announced, StringComparison.Ordinal);
        Assert.Single((await site.Get<IncidentReader>().ReadAsync(1, AdminSite.Shop))!.Steps);
    }

    [Fact]
    public async Task An_incident_of_other_shops_is_not_there()
    {
        const string other = "other.myshopify.com";
        await site.Get<ShopRegistry>().InstallAsync(new ShopInstallation(other, "Other", "EUR", "gid://shopify/AppInstallation/2"), null);
        var (id, _) = await site.Get<IncidentDesk>().OpenAsync([other], [], "A secret of another shop", null, "43");
        var page = await site.OpenAsync($"/incidents/{id}");
        Assert.Equal(HttpStatusCode.NotFound, page.Response.StatusCode);
        Assert.DoesNotContain("secret", page.Html + (await site.OpenAsync("/incidents")).Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await site.OpenAsync("/incidents/99")).Response.StatusCode);
    }

    [Fact]
    public async Task An_incident_that_a_merchant_opens_is_its_own()
    {
        var page = await (await site.OpenAsync("/incidents")).SubmitAsync("open", ("Open.Title", "A lost laptop"), ("Open.Feature", "chat"), ("Open.At", "2026-11-23T10:00"));
        Assert.Equal(("/incidents/1", "The incident is open."), (page.Path, page.Announced));
        Assert.Contains("Not live for 2 hours: Chat 2 hours.", page.Words("A lost laptop"), StringComparison.Ordinal);
        Assert.Contains("Detected by you", page.Words("A lost laptop"), StringComparison.Ordinal);
        Assert.Equal("A title is missing.", (await (await site.OpenAsync("/incidents")).SubmitAsync("open", ("Open.Title", " "))).Announced);
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("2026-11-24T09:30", "Europe/Berlin", "2026-11-24T08:30Z")]
    [InlineData("2026-11-24T09:30", "Mars/Olympus", "2026-11-24T09:30Z")]
    [InlineData("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30Z")] // It comes twice: the first one.
    public void A_moment_is_read_on_the_browsers_clock(string? text, string? zone, string? expected)
    {
        Assert.True(MomentWords.TryRead(text, zone, out var moment));
        Assert.Equal(expected is null ? null : DateTimeOffset.Parse(expected, System.Globalization.CultureInfo.InvariantCulture), moment);
    }

    internal static Task FallAsync(AdminSite site) => TurnAsync(site, EndpointState.Down, "Endpoint local-1 refuses connections.");

    internal static Task RecoverAsync(AdminSite site) => TurnAsync(site, EndpointState.Up, null);

    private static async Task TurnAsync(AdminSite site, EndpointState state, string? detail)
    {
        site.Get<HealthBoard>().Remember("local-1", new Snapshot.EndpointMark(state, detail, AdminSite.Noon));
        await site.Get<HealthBoard>().WriteAsync(default);
        await site.Get<ServingLedger>().RecordAsync();
        await site.Get<IncidentRound>().RunAsync();
    }
}
