using ShopifyLlmGuard.Health;

namespace ShopifyLlmGuard.Tests.Health;

public sealed class HealthPolicyTests
{
    private static readonly DateTimeOffset Began = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly HealthOptions Options = new();
    private static readonly TrafficFacts NoTraffic = new(null, null);

    // Probes oldest first: + good, - failed.
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
    public void Three_failed_probes_take_it_down_and_five_good_ones_bring_it_back(EndpointState now, string probes, EndpointState next) =>
        Assert.Equal(next, HealthPolicy.Decide(Endpoint(now), Probes(probes), NoTraffic, Options).State);

    [Fact]
    public void Probes_from_before_the_trouble_do_not_end_it()
    {
        var before = Probes("+++++").Select(probe => new ProbeResult
        {
            Endpoint = probe.Endpoint, At = Began.AddSeconds(-1), Good = true, Milliseconds = 1,
        }).ToList();
        Assert.Equal(EndpointState.Down, HealthPolicy.Decide(Endpoint(EndpointState.Down), before, NoTraffic, Options).State);
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
        Assert.Equal(next, HealthPolicy.Decide(Endpoint(EndpointState.Up), Probes("+++++"), traffic, Options).State);
    }

    [Fact]
    public void Good_probes_do_not_end_a_degradation_that_traffic_still_feels() => Assert.Equal(
        EndpointState.Degraded,
        HealthPolicy.Decide(Endpoint(EndpointState.Degraded), Probes("+++++"), new TrafficFacts(0.5, null), Options).State);

    [Fact]
    public void The_reason_is_a_sentence_for_humans() => Assert.Equal(
        "Endpoint local-1 has not answered 3 probes in a row; last: connection refused.",
        HealthPolicy.Decide(Endpoint(EndpointState.Up), Probes("---"), NoTraffic, Options).Detail);

    [Fact]
    public void A_dead_endpoint_is_looked_at_sooner_than_the_schedule_would()
    {
        Assert.Equal(TimeSpan.FromSeconds(1), HealthPolicy.Patience(oneIsDown: true, Options));
        Assert.Equal(TimeSpan.FromSeconds(15), HealthPolicy.Patience(oneIsDown: false, Options));
    }

    private static EndpointHealth Endpoint(EndpointState state) => new("local-1", "eu", "EU", state, null, Began);

    private static List<ProbeResult> Probes(string oldestFirst) => [.. oldestFirst.Select((sign, index) => new ProbeResult
    {
        Endpoint = "local-1", At = Began.AddSeconds(10 * index), Good = sign == '+', Milliseconds = 5,
        Detail = sign == '+' ? null : "connection refused",
    }).Reverse()];
}
