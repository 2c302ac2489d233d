using System.Text.RegularExpressions;
using AngleSharp.Html.Parser;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Incidents;
using ShopifyLlmGuard.Privacy;
using ShopifyLlmGuard.Propagation;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Admin;

/// <summary>
/// The markup of every page is kept in <c>markup/</c>. Here it is held to Shopify's component manifest;
/// <c>tests/extensions/polaris.test.mjs</c> holds the same files to Shopify's own validator. <c>APPROVE=1 dotnet test</c> renews them.
/// </summary>
public partial class MarkupTests
{
    private static readonly string Folder = Path.Combine(PolarisManifest.Root, "tests/ShopifyLlmGuard.Tests/Admin/markup");

    [Fact]
    public async Task Every_page_uses_only_what_Shopifys_manifest_knows()
    {
        await using var site = await AdminSite.StartAsync();
        await CheckAsync("overview-live", await site.OpenAsync());
        await CheckAsync("fallback", await site.OpenAsync("/fallback"));
        await CheckAsync("fallback-mistakes", await (await site.OpenAsync("/fallback")).SubmitAsync(
            "fallback", ("Form.Greeting", ""), ("Form.Faq[0].Answer", ""), ("Form.ContactUrl", "//elsewhere")));
        var saved = await (await site.OpenAsync("/fallback")).SubmitAsync("fallback", ("Form.Greeting", "First"));
        await CheckAsync("fallback-saved", await saved.SubmitAsync("fallback", ("Form.Greeting", "Second")));

        await using (var db = site.Db())
        {
            db.EndpointStandings.Add(new EndpointStanding
            {
                Endpoint = "local-1", State = EndpointState.Down, Detail = "Endpoint local-1 refuses connections.", Since = AdminSite.Noon,
            });
            db.ProbeResults.Add(new ProbeResult { Endpoint = "local-1", At = AdminSite.Noon, Good = false, Milliseconds = 1 });
            await db.SaveChangesAsync();
        }

        await site.Get<ServingLedger>().RecordAsync();
        await CheckAsync("overview-down", await site.OpenAsync());
        var held = await (await site.OpenAsync()).SubmitAsync("pin-chat", ("Pin.Reason", "New texts"));
        await CheckAsync("overview-held-and-off", await held.SubmitAsync("switch-recommendations"));
        await CheckAsync("overview-mistake", await held.SubmitAsync("switch-chat", ("Switch.Reason", new string('x', 201))));
        await CheckAsync("not-found", await site.OpenAsync("/not-found"));

        await CheckAsync("incidents-empty", await site.OpenAsync("/incidents"));
        await site.Get<IncidentDesk>().OpenAsync([AdminSite.Shop], ["chat"], "A lost laptop", null, AdminSite.Staff);
        await CheckAsync("incidents", await site.OpenAsync("/incidents"));
        var incident = await (await site.OpenAsync("/incidents/1")).SubmitAsync("aware");
        await CheckAsync("incident", await incident.SubmitAsync("decide-significant", ("Step.Is", "yes"), ("Step.Reason", "It was stolen.")));
        await CheckAsync("incident-mistake", await incident.SubmitAsync("close"));

        await CheckAsync("privacy-empty", await site.OpenAsync("/privacy"));
        await using (var db = site.Db())
        {
            foreach (var (kind, rows) in ((string, int)[])[("customers/data_request", 0), ("customers/redact", 1), ("shop/redact", 87)])
            {
                db.PrivacyRecords.Add(new PrivacyRecord { Shop = AdminSite.Shop, Kind = kind, At = AdminSite.Noon, Rows = rows });
            }

            db.PrivacyRecords.Add(new PrivacyRecord { Shop = "other.myshopify.com", Kind = "customers/redact", At = AdminSite.Noon, Rows = 5 });
            await db.SaveChangesAsync();
        }

        await CheckAsync("privacy", await site.OpenAsync("/privacy"));

        await CheckAsync("protections", await site.OpenAsync("/protections"));
        await CheckAsync("overview-bypass", await (await site.OpenAsync()).SubmitAsync("bypass-on", ("Bypass.Reason", "Odd answers")));

        await CheckAsync("servers-empty", await site.OpenAsync("/servers"));
        await using (var db = site.Db())
        {
            db.HeartbeatEchoes.AddRange(
                from server in (string[])["guard-a", "guard-b"]
                from minute in Enumerable.Range(1, 5)
                select new HeartbeatEcho
                {
                    Number = minute, Server = server, Milliseconds = server == "guard-a" ? 4 + minute : 40.5 * minute, At = AdminSite.Noon.AddMinutes(minute - 6),
                });
            await db.SaveChangesAsync();
        }

        await CheckAsync("servers", await site.OpenAsync("/servers"));
    }

    [Theory]
    [InlineData("<s-badge tone='purple'>x</s-badge>", "is not one of")]
    [InlineData("<s-box inline-size='5px'></s-box>", "no attribute inline-size")]
    [InlineData("<s-sparkle></s-sparkle>", "does not exist")]
    [InlineData("<s-page><s-section slot='left'></s-section></s-page>", "no slot left")]
    [InlineData("<s-text-area rows='many'></s-text-area>", "is not a number")]
    [InlineData("<s-link rel='home'></s-link>", "no attribute rel")]
    public void The_manifest_check_finds(string markup, string mistake) =>
        Assert.Contains(mistake, Assert.Single(PolarisManifest.Read().Mistakes(new HtmlParser().ParseDocument(markup))));

    private static async Task CheckAsync(string name, AdminPage page)
    {
        Assert.Empty(PolarisManifest.Read().Mistakes(page.Document));
        Assert.Empty(page.Document.QuerySelectorAll("[style], [onclick], script:not([src])"));

        var markup = Normal(await page.Response.Content.ReadAsStringAsync());
        var path = Path.Combine(Folder, $"{name}.html");
        if (Environment.GetEnvironmentVariable("APPROVE") == "1")
        {
            Directory.CreateDirectory(Folder);
            await File.WriteAllTextAsync(path, markup);
        }

        Assert.True(File.Exists(path), $"{path} is missing; APPROVE=1 dotnet test writes it.");
        Assert.Equal(await File.ReadAllTextAsync(path), markup);
    }

    // Pins have random ids; everything else is the same in every run.
    private static string Normal(string html)
    {
        var body = Body().Match(html).Groups[1].Value.Trim();
        return Guids().Replace(body, Guid.Empty.ToString()).ReplaceLineEndings("\n") + "\n";
    }

    [GeneratedRegex("<body>(.*?)<script src=\"_framework", RegexOptions.Singleline)]
    private static partial Regex Body();

    [GeneratedRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex Guids();
}
