using System.Text.Json;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Incidents;
using ShopifyLlmGuard.Incidents.Answers;
using ShopifyLlmGuard.Incidents.Clocks;
using ShopifyLlmGuard.Incidents.Export;
using ShopifyLlmGuard.Incidents.Judgement;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Tests.Admin;

namespace ShopifyLlmGuard.Tests.Incidents;

/// <summary>The exports stand in <c>exports/</c>; <c>APPROVE=1 dotnet test</c> renews them.</summary>
public sealed class ReportTests : IAsyncLifetime
{
    private static readonly string Folder = Path.Combine(PolarisManifest.Root, "tests/ShopifyLlmGuard.Tests/Incidents/exports");
    private IncidentSite site = null!;

    public async Task InitializeAsync()
    {
        site = await IncidentSite.StartAsync(null, ("Incidents:Zone", "Europe/Berlin"), ("Incidents:Profiles:0", "nis2"), ("Incidents:Profiles:1", "gdpr"), ("Incidents:Profiles:2", "hipaa"));
        var desk = site.Guard.Get<IncidentDesk>();
        await site.AfterAsync(1, EndpointState.Down, "fra-1", "fra-2");
        site.Guard.Get<AttemptLog>().Answered(IncidentSite.Shop, new ShopifyLlmGuard.Chat.Answer("chat", Mode.Fallback, Sources.Static, Reasons.NoEligibleEndpoint, null, null, null, null), TimeSpan.Zero);
        using (var writer = Microsoft.Extensions.DependencyInjection.ActivatorUtilities.CreateInstance<AnswerCountWriter>(site.Guard.Services))
        {
            await writer.StoreAsync(default);
        }

        site.Clock.Advance(TimeSpan.FromMinutes(20));
        var ada = new IncidentParty(1, null, "Ada");
        await desk.AssessAsync(ada, new Assessment
        {
            CriticalPath = YesNo.No, Malicious = YesNo.No, PersonalData = YesNo.No, LossEuro = 120.5m, RootCause = "A power cut | in *one* rack",
            Measures = "Moved to the other room.\nReplaced the fuse.",
        }, "walked there");
        await desk.BeAwareAsync(ada, IncidentSite.Noon.AddMinutes(15));
        await desk.DecideAsync(ada, Topics.Significant, false, "Checkout was never affected.");
        await desk.DecideAsync(new IncidentParty(1, null, "Grace"), Topics.Significant, true, "The board wants it reported.");
        await desk.SubmitAsync(ada, "nis2-early-warning", null, "CSIRT-17");
        await site.AfterAsync(69, EndpointState.Up, "fra-1", "fra-2");
    }

    public async Task DisposeAsync() => await site.DisposeAsync();

    [Theory]
    [InlineData(IncidentReport.Markdown)]
    [InlineData(IncidentReport.Json)]
    public async Task The_export_is_the_approved_one_and_the_same_each_time(string format)
    {
        var written = site.Guard.Get<IncidentReport>().Write(await site.ReadAsync(1), format);
        Assert.Equal(written, site.Guard.Get<IncidentReport>().Write(await site.ReadAsync(1), format));
        var path = Path.Combine(Folder, $"incident.{format}");
        if (Environment.GetEnvironmentVariable("APPROVE") == "1")
        {
            Directory.CreateDirectory(Folder);
            await File.WriteAllTextAsync(path, written);
        }

        Assert.Equal(await File.ReadAllTextAsync(path), written);
    }

    [Fact]
    public async Task The_notification_names_the_data_protection_contact_of_whoever_hands_it_in()
    {
        var options = new IncidentOptions { DataProtectionContact = "dpo@operator.example" };
        Assert.Equal("dpo@operator.example", Contact(await site.ReadAsync(1), options));
        Assert.Equal("unknown", Contact(await site.ReadAsync(1, IncidentSite.Other), options));
        await site.Guard.Get<IncidentDesk>().AssessAsync(new IncidentParty(1, IncidentSite.Other, "43"), new Assessment { Contact = "Grace, dpo@shop.example" });
        Assert.Equal("Grace, dpo@shop.example", Contact(await site.ReadAsync(1, IncidentSite.Other), options));
    }

    private static string Contact(IncidentFile file, IncidentOptions options) => Draft.Of(file, options).Single(draft => draft.Stage == "breach-register")
        .Fields.Single(field => field.Name == "Data protection officer or other contact point").Value;

    [Fact]
    public async Task A_merchants_export_says_nothing_of_other_shops_or_of_the_operators_steps()
    {
        foreach (var format in (string[])[IncidentReport.Markdown, IncidentReport.Json])
        {
            var written = site.Guard.Get<IncidentReport>().Write(await site.ReadAsync(1, IncidentSite.Other), format);
            Assert.DoesNotContain(IncidentSite.Shop, written, StringComparison.Ordinal);
            Assert.DoesNotContain("Ada", written, StringComparison.Ordinal);
            Assert.DoesNotContain("CSIRT-17", written, StringComparison.Ordinal);
            Assert.Contains(IncidentSite.Other, written, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_json_has_the_three_stages_and_moments_in_both_zones()
    {
        using var json = JsonDocument.Parse(site.Guard.Get<IncidentReport>().Write(await site.ReadAsync(1), IncidentReport.Json));
        Assert.Equal(
            ["early-warning", "notification", "final-report", "breach-register"],
            json.RootElement.GetProperty("drafts").EnumerateArray().Select(draft => draft.GetProperty("stage").GetString()));
        var detected = json.RootElement.GetProperty("detected").GetProperty("at");
        Assert.Equal(("2026-11-24T12:01:00Z", "2026-11-24T13:01:00+01:00"), (detected.GetProperty("utc").GetString(), detected.GetProperty("local").GetString()));
    }
}
