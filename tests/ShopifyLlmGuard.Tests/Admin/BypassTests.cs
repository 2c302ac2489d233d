using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Protections;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Serving.Bypassing;

namespace ShopifyLlmGuard.Tests.Admin;

/// <summary>The bypass in the admin: the merchant's own button, and the banner that everybody sees while one is on.</summary>
public sealed class BypassTests
{
    [Fact]
    public async Task Staff_switch_their_whole_shop_and_back_with_a_reason_and_under_their_proven_name()
    {
        await using var site = await AdminSite.StartAsync();
        var on = await (await site.OpenAsync()).SubmitAsync("bypass-on", ("Bypass.Reason", "  Odd answers "), ("Bypass.Author", "somebody else"), ("Bypass.Shop", "other.myshopify.com"));
        Assert.Equal("Your whole shop now shows prepared content.", on.Announced);
        Assert.Equal([Reasons.Bypass, Reasons.Bypass], site.Get<ServingBoard>().Read(AdminSite.Shop).Select(state => state.Reason));
        Assert.False(site.Get<Bypass>().IsOn);
        var banner = on.Document.QuerySelector("s-banner[tone=critical]")!;
        Assert.Contains("Switched for your shop by you.", banner.TextContent, StringComparison.Ordinal);
        Assert.Contains("“Odd answers”", banner.TextContent, StringComparison.Ordinal);
        foreach (var path in new[] { "/fallback", "/privacy", "/protections" })
        {
            Assert.NotNull((await site.OpenAsync(path)).Document.QuerySelector("s-banner[tone=critical]"));
        }

        site.Clock.Advance(TimeSpan.FromMinutes(1));
        var off = await on.SubmitAsync("bypass-off", ("Bypass.Reason", "Mended"));
        Assert.Equal("The guard decides again.", off.Announced);
        Assert.Null(off.Document.QuerySelector("s-banner"));
        await Guard.UntilAsync(() => site.Get<Bypass>().Pending.Count == 0, "both decisions are stored");
        await using var db = site.Db();
        Assert.Equal([(true, AdminSite.Shop, BypassWay.Admin, "42", "Odd answers"), (false, AdminSite.Shop, BypassWay.Admin, "42", "Mended")],
            (await db.BypassDecisions.OrderBy(row => row.At).ToListAsync()).Select(row => (row.On, row.Shop!, row.Way, row.Author, row.Reason)));
    }

    [Fact]
    public async Task Without_a_reason_nothing_is_switched_and_the_field_says_why()
    {
        await using var site = await AdminSite.StartAsync();
        foreach (var handler in new[] { "bypass-on", "pin-chat" })
        {
            var page = await (await site.OpenAsync()).SubmitAsync(handler);
            Assert.Equal("Please say why: your colleagues will want to know.", page.Document.QuerySelector("s-text-field[error]")!.GetAttribute("error"));
            Assert.True(page.Document.QuerySelector("s-text-field[error]")!.Closest("details")!.HasAttribute("open"));
        }

        Assert.All(site.Get<ServingBoard>().Read(AdminSite.Shop), state => Assert.Equal(Mode.Live, state.Mode));
    }

    [Fact]
    public async Task The_button_works_while_the_database_is_away()
    {
        await using var site = await AdminSite.StartAsync("Host=127.0.0.1;Port=1;Username=guard;Database=guard;Timeout=1",
            ("Guard:WaitForDatabaseAtStart", "00:00:00"));
        var on = await (await site.OpenAsync()).SubmitAsync("bypass-on", ("Bypass.Reason", "Odd answers"));
        Assert.Equal("Your whole shop now shows prepared content.", on.Announced);
        Assert.True(site.Get<Bypass>().IsOnFor(AdminSite.Shop));
    }

    [Fact]
    public async Task An_operators_bypass_is_on_every_page_and_staff_cannot_switch_it_back()
    {
        await using var site = await AdminSite.StartAsync();
        site.Get<Bypass>().Take(BypassDecision.Make(true, null, BypassWay.Command, "ops@guard-1", "Maintenance", site.Get<TimeProvider>()));
        var page = await site.OpenAsync();
        Assert.Contains("only the operator can switch it back", page.Document.QuerySelector("s-banner[tone=critical]")!.TextContent, StringComparison.Ordinal);
        Assert.Null(page.Document.QuerySelector("input[value='bypass-off']"));
        await page.SubmitAsync("bypass-on", ("Bypass.On", "false"), ("Bypass.Reason", "I want it back"));
        Assert.True(site.Get<Bypass>().IsOn);
    }

    [Fact]
    public async Task Each_protection_is_unproven_until_it_has_acted_or_was_drilled()
    {
        await using var site = await AdminSite.StartAsync();
        var before = await site.OpenAsync("/protections");
        Assert.Equal(Enum.GetValues<Protection>().Length, before.Document.QuerySelectorAll("s-table-row s-badge[tone=warning]").Length);
        site.Get<ProtectionProofs>().Acted(Protection.Deadline, TimeSpan.FromSeconds(4.2));
        site.Get<ProtectionProofs>().Drilled(Protection.Rollback, TimeSpan.FromMilliseconds(350));
        site.Clock.Advance(TimeSpan.FromHours(2));
        var rows = (await site.OpenAsync("/protections")).Document.QuerySelectorAll("s-table-row")
            .ToDictionary(row => row.Children[0].TextContent, row => row.Children.Select(cell => cell.TextContent.Trim()).ToList());
        Assert.Equal(["Proven", "23 Nov 2026, 12:00 UTC (2 hours ago), in 4.2 s", "Never"], rows["Time limit"][1..4]);
        Assert.Equal(["Proven", "Never", "23 Nov 2026, 12:00 UTC (2 hours ago), in 350 ms"], rows["Automatic rollback"][1..4]);
        Assert.Equal(["Unproven", "Never", "Never"], rows["Breaker"][1..4]);
    }
}
