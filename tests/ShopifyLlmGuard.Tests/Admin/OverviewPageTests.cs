using System.Net;
using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Admin;

public class OverviewPageTests
{
    [Fact]
    public async Task A_healthy_shop_reads_live_and_calls_the_demo_model_a_demo_model()
    {
        await using var site = await AdminSite.StartAsync();
        var page = await site.OpenAsync();
        Assert.Equal(["Live", "Live"], page.Document.QuerySelectorAll("s-section > s-stack > s-badge[tone=success]")
            .Where(badge => badge.Closest("[slot=aside]") is null).Select(badge => badge.TextContent));
        Assert.Null(page.Document.QuerySelector("s-banner"));
        Assert.Contains("demo model", page.Words("Models"));
    }

    [Fact]
    public async Task The_document_loads_App_Bridge_first_and_then_Polaris_our_script_and_Blazor()
    {
        await using var site = await AdminSite.StartAsync();
        var page = await site.OpenAsync();
        Assert.Equal("client-id-123", page.Document.QuerySelector("meta[name=shopify-api-key]")!.GetAttribute("content"));
        Assert.Equal("en", page.Document.DocumentElement.GetAttribute("lang"));
        var scripts = page.Document.QuerySelectorAll("script").ToList();
        Assert.Equal(
            [
                "https://cdn.example/shopifycloud/app-bridge.js", "https://cdn.example/shopifycloud/polaris.js",
                "_content/ShopifyLlmGuard.Admin/admin.js", "_framework/blazor.web.js",
            ], scripts.Select(script => script.GetAttribute("src")));
        Assert.All(scripts, script => Assert.False(script.HasAttribute("defer") || script.HasAttribute("async") || script.HasAttribute("type")));
    }

    [Fact]
    public async Task Pages_set_no_cookie_and_carry_no_antiforgery_token()
    {
        await using var site = await AdminSite.StartAsync();
        foreach (var path in new[] { "/", "/fallback", "/privacy", "/protections" })
        {
            var page = await site.OpenAsync(path);
            Assert.False(page.Response.Headers.Contains("Set-Cookie"));
            Assert.Null(page.Document.QuerySelector("[name=__RequestVerificationToken]"));
        }
    }

    [Fact]
    public async Task Switching_off_and_on_again_is_recorded_under_the_proven_name()
    {
        await using var site = await AdminSite.StartAsync();
        var off = await (await site.OpenAsync()).SubmitAsync(
            "switch-chat", ("Switch.Reason", "  Summer <b>break</b> "), ("Actor", "somebody else"));
        Assert.Equal("Chat: switched off. Shoppers no longer see it.", off.Announced);
        Assert.Contains("Summer <b>break</b>", off.Words("Recent changes"));
        Assert.Contains("you", off.Words("Recent changes"));
        Assert.Equal(Mode.Off, site.Get<ServingBoard>().Decide(AdminSite.Shop, "chat").Mode);

        var on = await off.SubmitAsync("switch-chat");
        Assert.Equal("Chat: switched on. The mode is now Live.", on.Announced);
        await using var db = site.Db();
        Assert.Equal([("42", "Summer <b>break</b>"), ("42", "")],
            (await db.FlagChanges.OrderBy(change => change.Id).ToListAsync()).Select(change => (change.Actor, change.Reason)));
    }

    [Fact]
    public async Task A_mode_is_held_for_an_hour_and_released()
    {
        await using var site = await AdminSite.StartAsync();
        var held = await (await site.OpenAsync()).SubmitAsync("pin-recommendations", ("Pin.Mode", "Fallback"), ("Pin.Reason", "New texts"));
        Assert.Equal("Recommendations: held at Fallback.", held.Announced);
        Assert.Contains("Held at Fallback by you since 23 Nov 2026, 12:00 UTC (just now), until 23 Nov 2026, 13:00 UTC (in 1 hour).", held.Words("Recommendations"));
        Assert.Contains("Not live: Recommendations", held.Document.QuerySelector("s-banner")!.GetAttribute("heading"));

        var released = await held.SubmitAsync("release-recommendations");
        Assert.Equal("Recommendations: released, and the guard decides again. The mode is now Live.", released.Announced);
        Assert.Contains("Recommendations was released.", released.Words("Recent changes"));
    }

    [Fact]
    public async Task An_operators_pin_is_not_released_by_a_forged_form()
    {
        await using var site = await AdminSite.StartAsync();
        var page = await (await site.OpenAsync()).SubmitAsync("pin-chat", ("Pin.Reason", "A test"));
        var pin = await site.Get<PinBoard>().PinAsync(
            new PinRequest(null, null, Mode.Fallback, PinHolder.Human, "operator", "Maintenance"));
        foreach (var id in new[] { pin.Id, Guid.NewGuid() })
        {
            await page.SubmitAsync("release-chat", ("Release.Pin", id.ToString()));
        }

        Assert.Equal(2, site.Get<Snapshots>().Current.Pins.Length);
    }

    [Theory]
    [InlineData("Pin.Mode", "Sideways")]
    [InlineData("Pin.Mode", "7")]
    [InlineData("Pin.For", "forever")]
    [InlineData("Pin.Feature", "checkout")]
    public async Task What_the_form_never_offered_changes_nothing(string field, string value)
    {
        await using var site = await AdminSite.StartAsync();
        var page = await (await site.OpenAsync()).SubmitAsync("pin-chat", (field, value));
        Assert.Equal("The form was not complete. Please try again.", page.Announced);
        Assert.Empty(site.Get<Snapshots>().Current.Pins);
    }

    [Fact]
    public async Task A_reason_that_is_too_long_is_shown_again_next_to_its_mistake()
    {
        await using var site = await AdminSite.StartAsync();
        var long_ = new string('x', 201);
        var page = await (await site.OpenAsync()).SubmitAsync("switch-chat", ("Switch.Reason", long_));
        var field = page.Section("Chat").QuerySelector("[name='Switch.Reason']")!;
        Assert.Equal("The reason has 201 characters; at most 200 are allowed.", field.GetAttribute("error"));
        Assert.Equal(long_, field.GetAttribute("value"));
        Assert.True(field.Closest("details")!.HasAttribute("open"));
        Assert.True(site.Get<Snapshots>().Current.IsOn(AdminSite.Shop, "chat"));
    }

    [Fact]
    public async Task A_dead_model_is_explained_with_its_reason_and_since_when()
    {
        await using var site = await AdminSite.StartAsync();
        await using (var db = site.Db())
        {
            db.EndpointStandings.Add(new EndpointStanding
            {
                Endpoint = "local-1", State = EndpointState.Down, Detail = "Endpoint local-1 refuses connections.", Since = AdminSite.Noon,
            });
            db.ProbeResults.Add(new ProbeResult { Endpoint = "local-1", At = AdminSite.Noon, Good = true, Milliseconds = 40 });
            db.ProbeResults.Add(new ProbeResult { Endpoint = "local-1", At = AdminSite.Noon.AddSeconds(10), Good = false, Milliseconds = 1 });
            await db.SaveChangesAsync();
        }

        await site.Get<ServingLedger>().RecordAsync();
        site.Clock.Advance(TimeSpan.FromMinutes(20));
        var page = await site.OpenAsync();
        var banner = page.Document.QuerySelector("s-banner[tone=warning]")!;
        Assert.Equal("Not live: Chat and Recommendations", banner.GetAttribute("heading"));
        Assert.Contains("No usable model is answering. Since 23 Nov 2026, 12:00 UTC (20 minutes ago).", page.Words());
        Assert.Contains("Endpoint local-1 refuses connections.", page.Words("Chat"));
        Assert.Contains("Does not answer", page.Words("Models"));
        Assert.Contains("Last check failed: 23 Nov 2026, 12:00 UTC (19 minutes ago)", page.Words("Models"));
        Assert.Contains("Chat went to Fallback.", page.Words("Recent changes"));
    }

    [Fact]
    public async Task Links_keep_the_shops_context_and_drop_what_is_spent()
    {
        await using var site = await AdminSite.StartAsync();
        var page = await site.OpenAsync($"/{AdminSite.Context}&id_token=spent&hmac=spent");
        Assert.All(page.Document.QuerySelectorAll("s-page [href^='/']"), link =>
            Assert.Equal("/fallback?shop=carewell.myshopify.com&host=YWRtaW4&embedded=1", link.GetAttribute("href")));
        Assert.Equal(["/", "/fallback", "/incidents", "/privacy", "/protections"], page.Document.QuerySelectorAll("s-app-nav > *").Select(link => link.GetAttribute("href")));
    }

    [Fact]
    public async Task An_unknown_address_is_a_page_with_a_way_back()
    {
        await using var site = await AdminSite.StartAsync();
        var page = await site.OpenAsync("/no/such/page");
        Assert.Equal(HttpStatusCode.NotFound, page.Response.StatusCode);
    }

    [Fact]
    public async Task Without_its_database_the_page_still_tells_the_state_and_says_that_nothing_was_changed()
    {
        using var cluster = new PostgresCluster();
        await using var site = await AdminSite.StartAsync(cluster.NewDatabase());
        cluster.Stop();
        var page = await site.OpenAsync();
        Assert.Equal(HttpStatusCode.OK, page.Response.StatusCode);
        Assert.Contains("The guard's database is not answering.", page.Words());
        Assert.Contains("cannot be shown now", page.Words("Recent changes"));

        var posted = await page.SubmitAsync("switch-chat");
        Assert.Equal("The guard's database is not answering, so nothing was changed. Please try again in a moment.", posted.Announced);
        var saved = await (await site.OpenAsync("/fallback")).SubmitAsync("fallback", ("Form.Greeting", "Typed before the outage"));
        Assert.Contains("What you have written is still in the form.", saved.Announced);
        Assert.Equal("Typed before the outage", saved.Document.QuerySelector("[name='Form.Greeting']")!.GetAttribute("value"));
    }
}
