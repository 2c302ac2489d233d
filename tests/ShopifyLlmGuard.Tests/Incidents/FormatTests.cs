using System.Text;
using ShopifyLlmGuard.Incidents.Formats;
using ShopifyLlmGuard.Incidents.Signals;

namespace ShopifyLlmGuard.Tests.Incidents;

/// <summary>What each format says, in the guard's own words.</summary>
public class FormatTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 24, 9, 30, 0, 123, TimeSpan.Zero);

    [Theory]
    [InlineData(IncidentSources.Alertmanager, "Gpu-gone", "alertname=Gpu-gone region=eu-central severity=critical")]
    [InlineData(IncidentSources.Grafana, "Gpu-gone", "alertname=Gpu-gone region=eu-central severity=critical")]
    [InlineData(IncidentSources.PagerDuty, "pagerduty-incident", "policy=PPOLICY priority=P1 service=PSERVICE severity=high team=PTEAM type=incident.triggered")]
    [InlineData(IncidentSources.NewRelic, "GPU-gone", "condition=GPU-gone policy=Model-hosts priority=CRITICAL severity=CRITICAL type=STATE_CHANGE")]
    [InlineData(IncidentSources.Datadog, "monitor-1234", "monitor=1234 priority=P1 region=eu-central team=ml")]
    [InlineData(IncidentSources.Opsgenie, "opsgenie-alert", "priority=P1 region=eu-central")]
    [InlineData(IncidentSources.CloudEvents, "com.example.gpu.firing", "region=eu-central")]
    [InlineData(IncidentSources.Guard, "gpu-gone", "region=eu-central")]
    public void A_beginning_and_its_end_are_two_signals_of_one_thing(string source, string code, string labels)
    {
        var begins = Assert.Single(Read(Samples.Of(source, "k-7", firing: true, At)).Signals);
        var ends = Assert.Single(Read(Samples.Of(source, "k-7", firing: false, At.AddMinutes(1))).Signals);
        var other = Assert.Single(Read(Samples.Of(source, "k-8", firing: true, At)).Signals);

        Assert.Equal((source, "k-7", code, Severity.Critical), (begins.Source, begins.ExternalId, begins.TitleCode, begins.Severity));
        Assert.Equal(labels, string.Join(' ', begins.Labels.Select(label => $"{label.Key}={label.Value}")));
        Assert.Equal((SignalState.Firing, At, null), (begins.State, begins.UpdatedAt, begins.EndedAt));
        Assert.Equal((SignalState.Resolved, At.AddMinutes(1), At.AddMinutes(1)), (ends.State, ends.UpdatedAt, ends.EndedAt));
        Assert.Equal(begins.DedupKey, ends.DedupKey);
        Assert.NotEqual(begins.DedupKey, other.DedupKey);
        Assert.All(begins.Links, link => Assert.DoesNotContain('?', link));
    }

    [Theory]
    [InlineData("incident.acknowledged", "acknowledged", SignalState.Firing)]
    [InlineData("incident.reopened", "triggered", SignalState.Firing)]
    [InlineData("incident.priority_updated", "resolved", SignalState.Resolved)]
    public void An_incident_of_PagerDuty_is_in_the_state_that_it_says(string kind, string status, SignalState state)
    {
        var sent = Samples.PagerDuty("P", firing: true, At, kind);

        var signal = Assert.Single(Read(sent with { Body = sent.Body.Replace("\"triggered\"", $"\"{status}\"", StringComparison.Ordinal) }).Signals);

        Assert.Equal(state, signal.State);
    }

    [Fact]
    public void A_note_on_a_closed_alert_of_Opsgenie_says_nothing()
    {
        var sent = Samples.Opsgenie("o", firing: false, At);

        Assert.Empty(Read(sent with { Body = sent.Body.Replace("\"Close\"", "\"AddNote\"", StringComparison.Ordinal) }).Signals);
    }

    [Fact]
    public void A_group_of_Alertmanager_is_one_signal_an_alert()
    {
        var (one, two) = (Samples.Alertmanager("a", firing: true, At), Samples.Alertmanager("b", firing: false, At));
        var alert = two.Body[(two.Body.IndexOf("\"alerts\":[", StringComparison.Ordinal) + 10)..two.Body.LastIndexOf(']')];

        var signals = Read(one with { Body = one.Body.Replace("\"alerts\":[", $"\"alerts\":[{alert},", StringComparison.Ordinal) }).Signals;

        Assert.Equal(["b Resolved", "a Firing"], signals.Select(signal => $"{signal.ExternalId} {signal.State}"));
    }

    [Fact]
    public void A_CloudEvent_is_the_same_structured_binary_and_batched()
    {
        var structured = Samples.CloudEvent("c", firing: true, At);
        var binary = new Sent(IncidentSources.CloudEvents, """{"severity":"critical","labels":{"region":"eu-central"}}""")
        {
            Headers = new()
            {
                ["ce-specversion"] = "1.0", ["ce-id"] = "x", ["ce-source"] = $"/hosts/{Samples.Word}", ["ce-type"] = "com.example.gpu.firing", ["ce-subject"] = "c",
                ["ce-time"] = At.ToString("O"),
            },
        };
        var batch = new Sent(IncidentSources.CloudEvents, $"[{structured.Body},{Samples.CloudEvent("d", firing: false, At).Body}]", "application/cloudevents-batch+json");

        var expected = Words(Assert.Single(Read(structured).Signals));
        Assert.Equal(expected, Words(Assert.Single(Read(binary).Signals)));
        Assert.Equal(expected, Words(Read(batch).Signals[0]));
        Assert.Equal(["c Firing", "d Resolved"], Read(batch).Signals.Select(signal => $"{signal.ExternalId} {signal.State}"));

        static string Words(IncidentSignal signal) =>
            $"{signal.ExternalId} {signal.State} {signal.Severity} {signal.TitleCode} {signal.UpdatedAt:O} {string.Join(',', signal.Labels)}";
    }

    [Fact]
    public void A_moment_far_ahead_cannot_outdate_what_comes()
    {
        var signal = Assert.Single(Read(Samples.Guard("k", firing: true, At.AddYears(1)), receivedAt: At).Signals);

        Assert.Equal(At, signal.UpdatedAt);
    }

    [Theory]
    [InlineData("1732440600", "2024-11-24T09:30:00")]
    [InlineData("1732440600123", "2024-11-24T09:30:00")]
    [InlineData("1732440600123456789", "2024-11-24T09:30:00")]
    [InlineData("2024-11-24T10:30:00+01:00", "2024-11-24T09:30:00")]
    [InlineData("0001-01-01T00:00:00Z", null)]
    [InlineData("-5", null)]
    [InlineData("soon", null)]
    public void A_moment_is_read_in_every_unit(string text, string? moment) =>
        Assert.Equal(moment, Fields.Moment(text)?.ToString("yyyy-MM-ddTHH:mm:ss"));

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("1")]
    [InlineData("{\"alerts\":{},\"groupKey\":[],\"event\":[],\"alert\":1,\"data\":\"x\"}")]
    public void What_is_of_another_shape_is_a_problem_and_no_exception(string body) =>
        Assert.All(IncidentSources.All, source => Assert.NotNull(Read(new Sent(source, body)).Problem));

    [Fact]
    public async Task Eighty_thousand_labels_are_read_in_one_pass()
    {
        var labels = string.Join(',', Enumerable.Range(0, 80_000).Select(number => $"\"l{number:00000}\":\"1\""));
        var sent = new Sent(IncidentSources.Guard, $$$"""{"key":"k","state":"firing","labels":{{{{labels}}},"region":"eu"}}""");
        var signal = (await Task.Run(() => Read(sent)).WaitAsync(TimeSpan.FromSeconds(6))).Signals.Single();
        Assert.Equal("eu", Assert.Single(signal.Labels).Value);
    }

    private static DeliveryReading Read(Sent sent, DateTimeOffset? receivedAt = null) => DeliveryReader.Read(new(
        sent.Source, sent.MediaType.Split(';')[0], name => sent.Headers.GetValueOrDefault(name), Encoding.UTF8.GetBytes(sent.Body), receivedAt ?? At.AddHours(1),
        new HashSet<string>()));
}
