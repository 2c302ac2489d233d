using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Incidents.Formats;

namespace ShopifyLlmGuard.Tests.Incidents;

/// <summary>What comes to the door for monitoring systems that no well-behaved one sends: replays, broken text, floods, and words where codes belong.</summary>
public sealed class DoorAbuseTests : IClassFixture<DoorTests.Door>
{
    private readonly GuardApp app;

    public DoorAbuseTests(DoorTests.Door door) => app = door.App;

    public static TheoryData<string> Sources => [.. IncidentSources.All];

    [Theory]
    [MemberData(nameof(Sources))]
    public async Task Half_of_a_surrogate_pair_is_400_with_a_code(string source)
    {
        var sent = Samples.Of(source, "U1", firing: true, GuardApp.Now);
        var response = await app.Client.SendAsync((sent with { Body = sent.Body.Replace("U1", "U1\\ud800", StringComparison.Ordinal) }).Request());

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("not-unicode", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public async Task Bytes_that_are_no_text_are_400(string source)
    {
        var sent = Samples.Of(source, "U2", firing: true, GuardApp.Now);
        var bytes = Encoding.Latin1.GetBytes(sent.Body.Replace("U2", "U2\u00ff", StringComparison.Ordinal));
        using var request = sent.Request(bytes);

        Assert.Equal(HttpStatusCode.BadRequest, (await app.Client.SendAsync(request)).StatusCode);
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public async Task A_control_character_in_any_field_is_taken_and_kept_nowhere(string source)
    {
        var sent = Samples.Of(source, "U3", firing: false, GuardApp.Now);
        var body = sent.Body.Replace("U3", "U3\\u0000\\u001b", StringComparison.Ordinal).Replace("critical", "critical\\u0007", StringComparison.OrdinalIgnoreCase)
            .Replace("eu-central", "eu\\u0000central", StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.Accepted, (await app.Client.SendAsync((sent with { Body = body }).Request())).StatusCode);
    }

    [Fact]
    public async Task Words_in_ids_and_in_paths_of_links_are_not_kept()
    {
        var (words, at) = ($"Ms Example has {Samples.Word}", GuardApp.Now);
        Sent[] all =
        [
            Samples.PagerDuty("U4", firing: true, at, eventId: words),
            new(IncidentSources.Guard, $$"""{"id":"{{words}}","key":"U4","state":"firing","links":["https://runbooks.example/{{words}}/page","https://runbooks.example/gpu-lost"]}"""),
            new(IncidentSources.CloudEvents, $$$"""{"specversion":"1.0","id":"{{{words}}}","source":"{{{words}}}","type":"x.firing","subject":"{{{words}}}","data":{}}""", "application/cloudevents+json"),
        ];
        foreach (var sent in all)
        {
            Assert.Equal(HttpStatusCode.Accepted, (await app.Client.SendAsync(sent.Request())).StatusCode);
            Assert.Equal(HttpStatusCode.Accepted, (await app.Client.SendAsync(sent.Request())).StatusCode);
        }

        await app.WorkOffAsync();
        await DoorApp.UntilAsync(() => app.QueryAsync(db => db.IncidentDeliveries.AllAsync(row => row.HandledAt != null)), "everything is handled");
        Assert.False(await Tables.ContainAsync(app.Services.GetRequiredService<NpgsqlDataSource>(), Samples.Word));
        Assert.DoesNotContain(app.Logs.All, line => line.Contains(Samples.Word, StringComparison.OrdinalIgnoreCase));
        var links = (await app.QueryAsync(db => db.SignalStandings.ToListAsync())).Single(row => row.Signal is { Source: IncidentSources.Guard, ExternalId: "U4" }).Signal.Links;
        Assert.Equal(["https://runbooks.example", "https://runbooks.example/gpu-lost"], links.Select(link => link.TrimEnd('/')));
    }

    [Theory]
    [InlineData(IncidentSources.Guard)]
    [InlineData(IncidentSources.Grafana)]
    public async Task A_signed_delivery_that_is_played_again_while_its_time_counts_does_nothing(string source)
    {
        var (firing, resolved) = (Undated(source, firing: true), Undated(source, firing: false));
        var at = GuardApp.Now;
        Assert.Equal(HttpStatusCode.Accepted, (await app.Client.SendAsync(firing.Request(at: at))).StatusCode);
        await Guard.UntilAsync(() => app.Held().Contains($"{source} chat Fallback"), "the feature is held");
        Assert.Equal(HttpStatusCode.Accepted, (await app.Client.SendAsync(resolved.Request(at: at))).StatusCode);
        await Guard.UntilAsync(() => !app.Held().Contains($"{source} chat Fallback"), "the feature is released");
        var kept = await app.QueryAsync(db => db.IncidentDeliveries.CountAsync());

        Assert.Equal(HttpStatusCode.Accepted, (await app.Client.SendAsync(firing.Request(at: at))).StatusCode);
        await app.WorkOffAsync();

        Assert.Equal(kept, await app.QueryAsync(db => db.IncidentDeliveries.CountAsync()));
        Assert.DoesNotContain($"{source} chat Fallback", app.Held());
    }

    [Theory]
    [InlineData(IncidentSources.Alertmanager, "Authorization: Bearer not-the-secret-of-anybody")]
    [InlineData(IncidentSources.Datadog, "Authorization: Basic bm90OnRoZS1zZWNyZXQtb2YtYW55Ym9keQ==")]
    [InlineData(IncidentSources.NewRelic, "X-Api-Key: not-the-secret-of-anybody")]
    [InlineData(IncidentSources.PagerDuty, "X-PagerDuty-Signature: v1=abc")]
    [InlineData(IncidentSources.Guard, "X-Guard-Timestamp: 1")]
    public async Task What_the_headers_do_not_prove_is_401_before_the_body_has_come(string source, string proof) => Assert.Equal(
        HttpStatusCode.Unauthorized, await SendHeadAsync($"/ops/incidents/{source}", proof));

    [Fact]
    public async Task The_bypass_asks_for_a_signature_of_now_before_the_body_has_come() => Assert.Equal(
        HttpStatusCode.Unauthorized, await SendHeadAsync("/ops/bypass", "X-Guard-Timestamp: 1\r\nX-Guard-Signature: v1=00"));

    [Fact]
    public async Task What_the_database_will_never_take_is_400_and_not_asked_for_again()
    {
        await Poison.PutAsync(app.Services.GetRequiredService<IDbContextFactory<GuardDb>>().CreateDbContext(), "incident_deliveries", "id = 'pagerduty/POISON'");

        var response = await app.Client.SendAsync(Samples.PagerDuty("U6", firing: true, GuardApp.Now, eventId: "POISON").Request());

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("not-storable", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flood_is_asked_to_come_again_and_keeps_no_other_source_out()
    {
        await using var flooded = new GuardApp().Configured().With("OpsLimits:DeliveriesPerMinute", "4").With("OpsLimits:RefusalsPerMinute", "2");
        await flooded.InitializeAsync();
        for (var call = 0; call < 4; call++)
        {
            await flooded.Client.SendAsync(Samples.Alertmanager("U7", firing: true, GuardApp.Now).Request("not-the-secret-of-anybody"));
            await flooded.Client.SendAsync(Samples.PagerDuty("U7", firing: true, GuardApp.Now).Request("not-the-secret-of-anybody"));
        }

        var forged = await flooded.Client.SendAsync(Samples.Alertmanager("U7", firing: true, GuardApp.Now).Request("not-the-secret-of-anybody"));
        Assert.Equal(HttpStatusCode.TooManyRequests, forged.StatusCode);
        List<HttpResponseMessage> answers = [];
        for (var call = 0; call < 8; call++)
        {
            answers.Add(await flooded.Client.SendAsync(Samples.Alertmanager("U7", firing: false, GuardApp.Now).Request()));
        }

        Assert.Equal(HttpStatusCode.Accepted, answers[0].StatusCode);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(5)), (answers[^1].StatusCode, answers[^1].Headers.RetryAfter?.Delta));
        Assert.Equal(HttpStatusCode.Accepted, (await flooded.Client.SendAsync(Samples.Opsgenie("U7", firing: false, GuardApp.Now).Request())).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await flooded.Client.SendAsync(Samples.PagerDuty("U7", firing: false, GuardApp.Now).Request())).StatusCode);
        Assert.InRange(flooded.Logs.All.Count(line => line.Contains("Refused a delivery", StringComparison.Ordinal)), 2, 5);
    }

    // Nothing in it says when; it means now.
    private static Sent Undated(string source, bool firing) => source == IncidentSources.Grafana
        ? Samples.Grafana("U5", firing, GuardApp.Now.AddSeconds(firing ? -10 : 0))
        : new(source, $$"""{"key":"U5","state":"{{(firing ? "firing" : "resolved")}}","severity":"critical"}""");

    private async Task<HttpStatusCode> SendHeadAsync(string path, string proof)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var connection = new TcpClient();
        await connection.ConnectAsync(app.ClientOptions.BaseAddress.Host, app.ClientOptions.BaseAddress.Port, limit.Token);
        await connection.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: guard.example\r\nContent-Type: application/json\r\nContent-Length: 500000\r\n{proof}\r\n\r\n"), limit.Token);
        using var reader = new StreamReader(connection.GetStream());
        var status = await reader.ReadLineAsync(limit.Token);
        return (HttpStatusCode)int.Parse(status!.Split(' ')[1], CultureInfo.InvariantCulture);
    }
}
