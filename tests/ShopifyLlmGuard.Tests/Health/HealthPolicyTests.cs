using ShopifyLlmGuard.Health;

namespace ShopifyLlmGuard.Tests.Health;

public sealed class HealthPolicyTests
{
    private static readonly DateTimeOffset Began = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly HealthOptions Options = new();
    private static readonly TrafficFacts NoTraffic = new(null, null);
    private static readonly DateTimeOffset Later = Began.AddMinutes(5);

    // Probes oldest first: + good, - failed, ? the probe's own fault.
    [Theory]
    [InlineData(EndpointState.Up, "", EndpointState.Up)]
    [InlineData(EndpointState.Up, "--", EndpointState.Up)]
    [InlineData(EndpointState.Up, "---", EndpointState.Down)]
    [InlineData(EndpointState.Up, "--+--", EndpointState.Up)]
    [InlineData(EndpointState.Up, "+++---", EndpointState.Down)]
    [InlineData(EndpointState.Down, "", EndpointState.Down)]
    [InlineData(EndpointState.Down, "++++", EndpointState.Down)]
    [InlineData(EndpointState.Down, "+++++", EndpointState.Up)]
    [InlineData(EndpointState.Down, "++++-+", EndpointState.Down)]
    [InlineData(EndpointState.Down, "-+++++", EndpointState.Up)]
    [InlineData(EndpointState.Degraded, "++++", EndpointState.Degraded)]
    [InlineData(EndpointState.Degraded, "+++++", EndpointState.Up)]
    [InlineData(EndpointState.Degraded, "---", EndpointState.Down)]
    [InlineData(EndpointState.Up, "??????", EndpointState.Up)]
    [InlineData(EndpointState.Up, "--??-", EndpointState.Down)]
    [InlineData(EndpointState.Down, "++?+++", EndpointState.Up)]
    [InlineData(EndpointState.Down, "??????", EndpointState.Down)]
    public void Three_failed_probes_take_it_down_and_five_good_ones_bring_it_back(EndpointState now, string probes, EndpointState next) =>
        Assert.Equal(next, Decide(now, Probes(probes)).State);

    [Fact]
    public void Probes_from_before_the_trouble_do_not_end_it()
    {
        var before = Probes("+++++").Select(probe => new ProbeResult
        {
            Endpoint = probe.Endpoint, At = Began.AddSeconds(-1), Good = true, Milliseconds = 1,
        }).ToList();
        Assert.Equal(EndpointState.Down, Decide(EndpointState.Down, before).State);
    }

    [Theory]
    [InlineData(0.11, null, EndpointState.Degraded)]
    [InlineData(0.10, null, EndpointState.Up)]
    [InlineData(null, 5.1, EndpointState.Degraded)]
    [InlineData(null, 5.0, EndpointState.Up)]
    [InlineData(0.0, 0.2, EndpointState.Up)]
    public void Bad_traffic_degrades_even_when_probes_are_good(double? errors, double? slow, EndpointState next)
    {
        var traffic = new TrafficFacts(errors, slow is null ? null : TimeSpan.FromSeconds(slow.Value));
        Assert.Equal(next, Decide(EndpointState.Up, Probes("+++++"), traffic).State);
    }

    [Fact]
    public void Good_probes_do_not_end_a_degradation_that_traffic_still_feels() => Assert.Equal(
        EndpointState.Degraded,
        Decide(EndpointState.Degraded, Probes("+++++"), new TrafficFacts(0.5, null)).State);

    [Fact]
    public void The_reason_is_a_sentence_for_humans() => Assert.Equal(
        "Endpoint local-1 has not answered 3 probes in a row; last: connection refused.",
        Decide(EndpointState.Up, Probes("---")).Detail);

    [Theory]
    [InlineData(2.9, EndpointState.Down)]
    [InlineData(3.0, EndpointState.Up)]
    public void It_stays_down_for_the_dwell_although_its_probes_are_good(double seconds, EndpointState next)
    {
        var quick = Enumerable.Range(1, 5).Reverse().Select(index => Probe('+', Began.AddSeconds(0.1 * index))).ToList();
        Assert.Equal(next, Decide(EndpointState.Down, quick, at: Began.AddSeconds(seconds)).State);
    }

    [Theory]
    [InlineData(2.9, null, EndpointState.Up)]
    [InlineData(3.0, null, EndpointState.Down)]
    [InlineData(60.0, null, EndpointState.Down)]
    [InlineData(60.0, 59.0, EndpointState.Up)]
    [InlineData(3.0, 3.1, EndpointState.Down)]
    public void One_that_has_work_and_computes_nothing_is_down_unless_shoppers_get_answers(double stands, double? goodAgo, EndpointState next)
    {
        var traffic = NoTraffic with { LastGood = goodAgo is null ? null : Later.AddSeconds(-goodAgo.Value) };
        var host = new HostFacts(TimeSpan.FromSeconds(stands), null);
        Assert.Equal(next, Decide(EndpointState.Up, Probes("+++++"), traffic, host).State);
    }

    [Fact]
    public void Failed_probes_take_down_nobody_who_answers_shoppers_meanwhile()
    {
        var failed = Probes("---");
        Assert.Equal(EndpointState.Up, Decide(EndpointState.Up, failed, NoTraffic with { LastGood = failed[1].At }).State);
        Assert.Equal(EndpointState.Down, Decide(EndpointState.Up, failed, NoTraffic with { LastGood = failed[2].At }).State);
    }

    [Theory]
    [InlineData(9.0, EndpointState.Up)]
    [InlineData(10.0, EndpointState.Degraded)]
    public void One_whose_memory_stays_full_is_degraded(double tight, EndpointState next) => Assert.Equal(
        next, Decide(EndpointState.Up, Probes("+++++"), host: new HostFacts(null, TimeSpan.FromSeconds(tight))).State);

    private static (EndpointState State, string? Detail) Decide(
        EndpointState now, List<ProbeResult> probes, TrafficFacts? traffic = null, HostFacts? host = null, DateTimeOffset? at = null) =>
        HealthPolicy.Decide(Endpoint(now), new Evidence(probes, traffic ?? NoTraffic, host ?? HostFacts.Nothing, at ?? Later), Options);

    private static EndpointHealth Endpoint(EndpointState state) => new("local-1", "eu", "EU", state, null, Began);

    private static List<ProbeResult> Probes(string oldestFirst) =>
        [.. oldestFirst.Select((sign, index) => Probe(sign, Began.AddSeconds(10 * index))).Reverse()];

    private static ProbeResult Probe(char sign, DateTimeOffset at) => new()
    {
        Endpoint = "local-1", At = at, Good = sign == '+', IsOwnFault = sign == '?', Milliseconds = 5,
        Detail = sign == '+' ? null : "connection refused",
    };
}
