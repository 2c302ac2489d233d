using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Incidents.Judgement;
using ShopifyLlmGuard.Server.Ops.Records;

namespace ShopifyLlmGuard.Tests.Incidents;

/// <summary>The operator's command line for incidents and the audit trail.</summary>
public sealed class RecordCommandTests : IAsyncLifetime
{
    private IncidentSite site = null!;

    public async Task InitializeAsync()
    {
        site = await IncidentSite.StartAsync();
        await site.AfterAsync(1, EndpointState.Down, "fra-1", "fra-2");
    }

    public async Task DisposeAsync() => await site.DisposeAsync();

    [Fact]
    public async Task An_incident_goes_its_whole_way_by_words()
    {
        Assert.Contains("No usable model answers in eu-central  chat,recommendations  2 shops", (await SayAsync("incident", "list")).Output, StringComparison.Ordinal);
        Assert.Equal((0, "Incident 2 is open.\n"), await SayAsync("incident", "open", "--title", "A lost laptop", "--shop", IncidentSite.Shop, "--feature", "chat", "--actor", "Ada"));
        Assert.Equal(0, (await SayAsync("incident", "assess", "2", "--personal-data", "yes", "--loss", "12.5", "--users-percent", "3", "--actor", "Ada")).Code);
        Assert.Equal(0, (await SayAsync("incident", "assess", "2", "--malicious", "no", "--root-cause", "theft")).Code);
        Assert.Equal(0, (await SayAsync("incident", "assess", "2", "--fully-unavailable", "no", "--critical-minutes", "12", "--phi", "no", "--individuals", "3", "--contact", "Grace")).Code);
        Assert.Equal(0, (await SayAsync("incident", "aware", "2", "--at", "2026-11-24T11:30Z", "--reason", "a call")).Code);
        Assert.Equal(0, (await SayAsync("incident", "decide", "2", "breach", "yes", "--reason", "not encrypted")).Code);
        Assert.Equal(0, (await SayAsync("incident", "submit", "2", "gdpr-notification", "--reference", "DPA-1")).Code);
        Assert.Equal(0, (await SayAsync("incident", "close", "2", "--reason", "found")).Code);

        var file = await site.ReadAsync(2);
        Assert.Equal((YesNo.Yes, YesNo.No, 12.5m, 0.03, "theft"), (file.Assessment.PersonalData, file.Assessment.Malicious, file.Assessment.LossEuro, file.Assessment.UsersShare, file.Assessment.RootCause));
        Assert.Equal((YesNo.No, 12, YesNo.No, 3, "Grace"), (file.Assessment.FullyUnavailable, file.Assessment.CriticalMinutes, file.Assessment.ProtectedHealthInformation, file.Assessment.Individuals, file.Assessment.Contact));
        Assert.Equal(IncidentSite.Noon.AddMinutes(-30), file.Aware!.At);
        Assert.NotNull(file.EndedAt);
        Assert.Contains("DPA-1", (await SayAsync("incident", "export", "2", "--format", "md")).Output, StringComparison.Ordinal);
        Assert.StartsWith("{", (await SayAsync("incident", "export", "2", "--format", "json")).Output, StringComparison.Ordinal);
        Assert.Equal(1, (await SayAsync("incident", "export", "2", "--shop", IncidentSite.Other)).Code);
    }

    [Theory]
    [InlineData(2, "incident")]
    [InlineData(2, "incident", "explode", "1")]
    [InlineData(2, "incident", "aware", "one")]
    [InlineData(2, "incident", "aware", "1", "--at", "yesterday")]
    [InlineData(2, "incident", "assess", "1", "--death", "maybe")]
    [InlineData(2, "incident", "assess", "1", "--loss", "much")]
    [InlineData(2, "incident", "decide", "1", "significant", "perhaps", "--reason", "x")]
    [InlineData(2, "incident", "export", "1", "--format", "pdf")]
    [InlineData(2, "incident", "close", "1", "--reason")]
    [InlineData(2, "incident", "close", "1", "--colour", "red")]
    [InlineData(1, "incident", "close", "1", "--reason", "it goes on")]
    [InlineData(1, "incident", "assess", "99", "--death", "no")]
    [InlineData(1, "incident", "submit", "1", "hipaa-individuals")]
    [InlineData(2, "audit")]
    [InlineData(2, "audit", "verify", "--kept", "x")]
    public async Task Words_that_it_does_not_know_or_cannot_follow_change_nothing(int code, params string[] words)
    {
        Assert.Equal(code, (await SayAsync(words)).Code);
        await using var db = site.Guard.Db();
        Assert.Equal(1, await db.IncidentSteps.CountAsync());
    }

    [Fact]
    public async Task The_trail_is_verified_and_a_changed_word_ends_with_a_code_of_its_own()
    {
        var (code, output) = await SayAsync("audit", "verify");
        Assert.Equal(0, code);
        var kept = output[(output.IndexOf("1:", StringComparison.Ordinal))..].Split(';')[0];
        Assert.Equal(0, (await SayAsync("audit", "verify", "--kept", kept)).Code);
        await using var db = site.Guard.Db();
        await db.Database.ExecuteSqlRawAsync("SET session_replication_role = replica; UPDATE guard.audit_words SET reason = 'x'; SET session_replication_role = DEFAULT");
        (code, output) = await SayAsync("audit", "verify");
        Assert.Equal(1, code);
        Assert.StartsWith("words-changed at 1\n", output, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output)> SayAsync(params string[] words)
    {
        using var output = new StringWriter { NewLine = "\n" };
        var code = words[0] == "audit"
            ? await ActivatorUtilities.CreateInstance<AuditCommand>(site.Guard.Services).RunAsync(words[1..], output)
            : await ActivatorUtilities.CreateInstance<IncidentCommand>(site.Guard.Services).RunAsync(words[1..], output);
        return (code, output.ToString());
    }
}
