using ShopifyLlmGuard.Incidents.Signals;
using ShopifyLlmGuard.Tests.Incidents;

namespace ShopifyLlmGuard.Tests.Admin;

/// <summary>What a merchant sees of the operator's alerts.</summary>
public class SignalsSectionTests
{
    private const string Heading = "Incident signals";

    [Fact]
    public async Task The_list_tells_what_was_done_and_what_no_rule_knows_and_nothing_of_other_shops()
    {
        await using var site = await AdminSite.StartAsync(null, [.. Signals.Rule, ("Incidents:Rules:2:Name", "elsewhere"), ("Incidents:Rules:2:Match:0", "code=Elsewhere"), ("Incidents:Rules:2:Shops:0", "other.myshopify.com")]);
        Assert.Null((await site.OpenAsync()).Document.QuerySelector($"s-section[heading='{Heading}']"));
        foreach (var signal in (IncidentSignal[])
            [
                Signals.Firing("held"), Signals.Firing("over") with { TitleCode = "DiskFull" }, Signals.Resolved("over") with { TitleCode = "DiskFull" },
                Signals.Firing("unknown", severity: Severity.Info) with { TitleCode = "Weather" },
                Signals.Firing("other", severity: Severity.Info) with { TitleCode = "Elsewhere" },
            ])
        {
            await site.Get<SignalDesk>().TakeAsync(signal, AdminSite.Noon, CancellationToken.None);
        }

        var page = await site.OpenAsync();

        Assert.Empty(PolarisManifest.Read().Mistakes(page.Document));
        var words = page.Words(Heading);
        Assert.Contains("alertmanager: GpuGone (critical)", words, StringComparison.Ordinal);
        Assert.Contains("Goes on critical-holds-chat", words, StringComparison.Ordinal);
        Assert.Contains("It has ended, and what it held is released.", words, StringComparison.Ordinal);
        Assert.Contains("alertmanager: Weather (info)", words, StringComparison.Ordinal);
        Assert.Contains("none Nothing: no rule knows it.", words, StringComparison.Ordinal);
        Assert.DoesNotContain("Elsewhere", words, StringComparison.Ordinal);
    }
}
