using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Fallbacks;

namespace ShopifyLlmGuard.Tests.Admin;

public class FallbackPageTests
{
    [Fact]
    public async Task What_is_saved_is_what_shoppers_get()
    {
        await using var site = await AdminSite.StartAsync();
        var page = await (await site.OpenAsync("/fallback")).SubmitAsync(
            "fallback", ("Form.Greeting", "  Hello\r\nthere "), ("Form.Faq[0].Answer", "Two days."), ("Form.ContactUrl", "https://carewell.example/help"));
        Assert.Equal("Saved. The shop shows it within a few seconds.", page.Announced);
        var content = site.Get<FallbackBoard>().Read(AdminSite.Shop);
        Assert.Equal(("Hello\nthere", "Two days.", "https://carewell.example/help"), (content.Greeting, content.Faq[0].Answer, content.Contact.Url));
        Assert.Equal(FallbackContent.Default.Faq[1], content.Faq[1]);
        await using var db = site.Db();
        Assert.Equal(AdminSite.Staff, (await db.FallbackVersions.SingleAsync()).Author);
    }

    [Fact]
    public async Task Mistakes_stand_next_to_their_fields_and_nothing_is_saved()
    {
        await using var site = await AdminSite.StartAsync();
        var page = await (await site.OpenAsync("/fallback")).SubmitAsync(
            "fallback", ("Form.Greeting", ""), ("Form.Faq[2].Question", ""), ("Form.BookingUrl", "javascript:alert(1)"));
        Assert.Equal("3 fields need your attention.", page.Announced);
        Assert.Equal(["Form.Greeting", "Form.Faq[2].Question", "Form.BookingUrl"],
            page.Document.QuerySelectorAll("[error]").Select(field => field.GetAttribute("name")));
        Assert.Equal("javascript:alert(1)", page.Document.QuerySelector("[name='Form.BookingUrl']")!.GetAttribute("value"));
        Assert.Equal(FallbackContent.Default, site.Get<FallbackBoard>().Read(AdminSite.Shop));
    }

    [Fact]
    public async Task Adding_moving_and_removing_keep_what_was_typed_and_save_nothing()
    {
        await using var site = await AdminSite.StartAsync();
        var page = await (await site.OpenAsync("/fallback")).SubmitAsync("fallback", ("Form.Action", "add"), ("Form.Greeting", "Typed"));
        Assert.Equal(7, Questions(page).Count);
        page = await page.SubmitAsync("fallback", ("Form.Action", "up:6"), ("Form.Faq[6].Question", "New?"), ("Form.Faq[6].Answer", "Yes."));
        Assert.Equal("Question 7 is now question 6. This is not saved yet.", page.Announced);
        Assert.Equal("New?", Questions(page)[5]);
        page = await page.SubmitAsync("fallback", ("Form.Action", "remove:0"));
        Assert.Equal("Typed", page.Document.QuerySelector("[name='Form.Greeting']")!.GetAttribute("value"));
        Assert.Equal(FallbackContent.Default, site.Get<FallbackBoard>().Read(AdminSite.Shop));

        await page.SubmitAsync("fallback");
        var saved = site.Get<FallbackBoard>().Read(AdminSite.Shop);
        Assert.Equal(("Typed", 6, "New?"), (saved.Greeting, saved.Faq.Count, saved.Faq[4].Question));
    }

    [Fact]
    public async Task The_preview_shows_the_typed_text_before_it_is_saved()
    {
        await using var site = await AdminSite.StartAsync();
        var page = await (await site.OpenAsync("/fallback")).SubmitAsync(
            "fallback", ("Form.Action", "preview"), ("Form.Greeting", "<b>Bold</b> plans"));
        Assert.Contains("<b>Bold</b> plans", page.Document.QuerySelector(".shopper")!.TextContent);
        Assert.Null(page.Document.QuerySelector(".shopper b"));
        Assert.Equal(FallbackContent.Default, site.Get<FallbackBoard>().Read(AdminSite.Shop));
    }

    [Fact]
    public async Task An_earlier_version_comes_back()
    {
        await using var site = await AdminSite.StartAsync();
        var page = await (await site.OpenAsync("/fallback")).SubmitAsync("fallback", ("Form.Greeting", "First"));
        page = await page.SubmitAsync("fallback", ("Form.Greeting", "Second"));
        Assert.Equal("Second", site.Get<FallbackBoard>().Read(AdminSite.Shop).Greeting);
        var restore = page.Document.QuerySelector("input[name=_handler][value^='restore-']")!.GetAttribute("value")!;
        page = await page.SubmitAsync(restore);
        Assert.Equal("The earlier version is back. The shop shows it within a few seconds.", page.Announced);
        Assert.Equal("First", site.Get<FallbackBoard>().Read(AdminSite.Shop).Greeting);
    }

    [Fact]
    public async Task A_version_of_another_shop_is_not_there()
    {
        await using var site = await AdminSite.StartAsync();
        await site.Get<FallbackBoard>().SaveAsync("other.myshopify.com", FallbackContent.Default with { Greeting = "Theirs" }, "9");
        var page = await (await site.OpenAsync("/fallback")).SubmitAsync("fallback", ("Form.Greeting", "First"));
        page = await page.SubmitAsync("fallback", ("Form.Greeting", "Second"));
        var restore = page.Document.QuerySelector("input[name=_handler][value^='restore-']")!.GetAttribute("value")!;
        page = await page.SubmitAsync(restore, ("Restore.Version", "1"));
        Assert.Equal("This version is no longer there.", page.Announced);
        Assert.Equal("Second", site.Get<FallbackBoard>().Read(AdminSite.Shop).Greeting);
    }

    [Fact]
    public async Task Every_limit_of_the_library_is_stated_and_set_on_its_field()
    {
        await using var site = await AdminSite.StartAsync();
        var page = await site.OpenAsync("/fallback");
        string Limit(string name) => page.Document.QuerySelector($"[name='{name}']")!.GetAttribute("maxlength") ?? "none";
        Assert.Equal(["300", "200", "1000", "60", "500"],
            new[] { Limit("Form.Greeting"), Limit("Form.Faq[0].Question"), Limit("Form.Faq[0].Answer"), Limit("Form.ContactLabel"), Limit("Form.BookingUrl") });
        Assert.Contains("6 of at most 20", page.Words());
    }

    private static List<string?> Questions(AdminPage page) =>
        [.. page.Document.QuerySelectorAll("[name$='.Question']").Select(field => field.GetAttribute("value"))];
}
