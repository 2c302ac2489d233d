using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using ShopifyLlmGuard.Incidents.Formats;
using ShopifyLlmGuard.Incidents.Signals;

namespace ShopifyLlmGuard.Tests.Incidents;

/// <summary>The door for monitoring systems: who may pass, what is kept of a delivery, and what the answer says.</summary>
public sealed class DoorTests : IClassFixture<DoorTests.Door>
{
    private readonly GuardApp app;

    public DoorTests(Door door) => app = door.App;

    public static TheoryData<string> Sources => [.. IncidentSources.All];

    /// <summary>One server for all of these.</summary>
    public sealed class Door : IAsyncLifetime
    {
        public GuardApp App { get; } = new GuardApp().Configured();

        public Task InitializeAsync() => App.InitializeAsync();

        public Task DisposeAsync() => ((IAsyncLifetime)App).DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public async Task What_a_source_sends_holds_the_feature_and_its_end_releases_it(string source)
    {
        var at = GuardApp.Now.AddMinutes(-1);

        Assert.Equal(HttpStatusCode.Accepted, (await app.Client.SendAsync(Samples.Of(source, "Q1", firing: true, at).Request())).StatusCode);
        await Guard.UntilAsync(() => app.Held().Contains($"{source} chat Fallback"), "the feature is held");
        Assert.Equal(HttpStatusCode.Accepted, (await app.Client.SendAsync(Samples.Of(source, "Q1", firing: false, at.AddSeconds(10)).Request())).StatusCode);
        await Guard.UntilAsync(() => !app.Held().Contains($"{source} chat Fallback"), "the feature is released");

        var standing = (await app.QueryAsync(db => db.SignalStandings.Where(row => row.Source == source).ToListAsync())).Single(row => row.Signal.ExternalId == "Q1");
        Assert.Equal((SignalState.Resolved, Severity.Critical, SignalOutcomes.Released), (standing.Signal.State, standing.Signal.Severity, standing.Outcome));
        Assert.Equal(["critical-holds-chat"], standing.Rules);
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public async Task A_wrong_secret_is_401_and_nothing_is_kept(string source)
    {
        var before = await KeptAsync();

        var response = await app.Client.SendAsync(Samples.Of(source, "Q2", firing: true, GuardApp.Now).Request("not-the-secret-of-anybody"));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal(before, await KeptAsync());
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public async Task Both_secrets_count_while_one_replaces_the_other(string source) => Assert.Equal(
        HttpStatusCode.Accepted, (await app.Client.SendAsync(Samples.Of(source, "Q3", firing: false, GuardApp.Now).Request(Sent.OtherSecret))).StatusCode);

    [Theory]
    [MemberData(nameof(Sources))]
    public async Task A_changed_body_is_refused_where_bodies_are_signed(string source)
    {
        var sent = Samples.Of(source, "Q4", firing: false, GuardApp.Now);
        var request = sent.Request();
        request.Content = (sent with { Body = sent.Body.Replace("Q4", "Q5", StringComparison.Ordinal) }).Request().Content;

        var signed = source is IncidentSources.PagerDuty or IncidentSources.Grafana or IncidentSources.Guard;
        Assert.Equal(signed ? HttpStatusCode.Unauthorized : HttpStatusCode.Accepted, (await app.Client.SendAsync(request)).StatusCode);
    }

    [Theory]
    [InlineData(IncidentSources.Grafana, -301, HttpStatusCode.Unauthorized)]
    [InlineData(IncidentSources.Grafana, -200, HttpStatusCode.Accepted)]
    [InlineData(IncidentSources.Guard, 320, HttpStatusCode.Unauthorized)]
    [InlineData(IncidentSources.Guard, 200, HttpStatusCode.Accepted)]
    public async Task A_signed_time_counts_for_five_minutes(string source, int secondsAway, HttpStatusCode status) => Assert.Equal(
        status, (await app.Client.SendAsync(Samples.Of(source, "Q6", firing: false, GuardApp.Now).Request(at: GuardApp.Now.AddSeconds(secondsAway)))).StatusCode);

    [Theory]
    [InlineData("nagios")]
    [InlineData("Alertmanager")]
    public async Task An_unknown_source_has_no_door(string source) => Assert.Equal(
        HttpStatusCode.NotFound, (await app.Client.SendAsync(new Sent(source, "{}").Request())).StatusCode);

    [Theory]
    [MemberData(nameof(Sources))]
    public async Task A_megabyte_is_enough(string source)
    {
        var sent = Samples.Of(source, "Q7", firing: false, GuardApp.Now);
        var large = sent with { Body = sent.Body + new string(' ', 1024 * 1024) };

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await app.Client.SendAsync(large.Request())).StatusCode);
    }

    [Theory]
    [InlineData(IncidentSources.Alertmanager, "text/plain")]
    [InlineData(IncidentSources.PagerDuty, "application/x-www-form-urlencoded")]
    [InlineData(IncidentSources.Guard, "")]
    [InlineData(IncidentSources.CloudEvents, "application/cloudevents+avro")]
    [InlineData(IncidentSources.CloudEvents, "text/xml")]
    public async Task An_unknown_media_type_is_415(string source, string mediaType) => Assert.Equal(
        HttpStatusCode.UnsupportedMediaType, (await app.Client.SendAsync((Samples.Of(source, "Q8", firing: true, GuardApp.Now) with { MediaType = mediaType }).Request())).StatusCode);

    [Theory]
    [InlineData(IncidentSources.Alertmanager, """{"version":"4","alerts":[]}""", "no-group-key")]
    [InlineData(IncidentSources.PagerDuty, """{"event":{}}""", "no-event-id")]
    [InlineData(IncidentSources.NewRelic, """{"id":"1"}""", "no-state")]
    [InlineData(IncidentSources.Datadog, """{"body":"x","title":"y"}""", "no-alert-cycle-key")]
    [InlineData(IncidentSources.Opsgenie, "[]", "no-action")]
    [InlineData(IncidentSources.Guard, """{"key":"a","state":"burning"}""", "no-state")]
    [InlineData(IncidentSources.Guard, """{"key":""", "not-json")]
    public async Task What_cannot_be_read_is_400_with_a_code(string source, string body, string code)
    {
        var response = await app.Client.SendAsync(new Sent(source, body).Request());

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(code, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pagey.ping", """{"id":"PING1","event_type":"pagey.ping","resource_type":"pagey","occurred_at":"2026-11-24T10:00:00Z","data":{"message":"Hello","type":"ping"}}""")]
    [InlineData("a note", """{"id":"NOTE1","event_type":"incident.annotated","resource_type":"incident","occurred_at":"2026-11-24T10:00:00Z","data":{"incident":{"id":"Q9"},"type":"incident_note"}}""")]
    public async Task What_tells_no_state_is_accepted_and_does_nothing(string what, string news)
    {
        var before = await KeptAsync();

        var response = await app.Client.SendAsync(new Sent(IncidentSources.PagerDuty, $$"""{"event":{{news}}}""").Request());

        Assert.True(response.StatusCode == HttpStatusCode.Accepted, what);
        Assert.Equal(before, await KeptAsync());
    }

    [Fact]
    public async Task No_word_of_free_text_is_kept_in_any_table_or_log()
    {
        foreach (var sent in Samples.All("Q10", firing: true, GuardApp.Now).Concat(Samples.All("Q10", firing: false, GuardApp.Now.AddSeconds(1))))
        {
            Assert.Contains(Samples.Word, sent.Body, StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.Accepted, (await app.Client.SendAsync(sent.Request())).StatusCode);
        }

        await app.WorkOffAsync();
        await DoorApp.UntilAsync(() => app.QueryAsync(db => db.IncidentDeliveries.AllAsync(row => row.HandledAt != null)), "everything is handled");

        Assert.True(await Tables.ContainAsync(app.Services.GetRequiredService<NpgsqlDataSource>(), "eu-central"));
        Assert.False(await Tables.ContainAsync(app.Services.GetRequiredService<NpgsqlDataSource>(), Samples.Word));
        Assert.DoesNotContain(app.Logs.All, line => line.Contains(Samples.Word, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task An_event_that_comes_again_is_kept_once()
    {
        var sent = Samples.PagerDuty("Q11", firing: false, GuardApp.Now, eventId: "EVENT11");
        for (var time = 0; time < 3; time++)
        {
            Assert.Equal(HttpStatusCode.Accepted, (await app.Client.SendAsync(sent.Request())).StatusCode);
        }

        Assert.Equal(1, await app.QueryAsync(db => db.IncidentDeliveries.CountAsync(row => row.Id == "pagerduty/EVENT11")));
    }

    [Fact]
    public async Task The_numbers_are_there()
    {
        await app.Client.SendAsync(Samples.Alertmanager("Q12", firing: true, GuardApp.Now).Request());
        await Guard.UntilAsync(() => app.Held().Contains("alertmanager chat Fallback"), "the feature is held");

        string[] wanted = ["guard_incident_effect_duration_seconds_count{", "guard_incident_deliveries_total{", "guard_incident_signals_total{"];
        await DoorApp.UntilAsync(async () =>
        {
            var metrics = await app.Client.GetStringAsync("/metrics");
            return wanted.All(name => metrics.Split('\n').Any(line => line.StartsWith(name, StringComparison.Ordinal) && line.Contains("source=\"alertmanager\"", StringComparison.Ordinal)));
        }, "the numbers are there");
        await app.Client.SendAsync(Samples.Alertmanager("Q12", firing: false, GuardApp.Now.AddSeconds(1)).Request());
        await Guard.UntilAsync(() => !app.Held().Contains("alertmanager chat Fallback"), "the feature is released");
    }

    private Task<int> KeptAsync() => app.QueryAsync(db => db.IncidentDeliveries.CountAsync());
}
