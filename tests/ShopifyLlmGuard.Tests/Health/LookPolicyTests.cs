using ShopifyLlmGuard.Health;

namespace ShopifyLlmGuard.Tests.Health;

public sealed class LookPolicyTests
{
    private static readonly HealthOptions Options = new();

    // Probes newest first: + a good one, L R T failed at liveness, readiness or the token. Times in seconds.
    [Theory]
    [InlineData(EndpointState.Up, "", null, null, Look.Whole)]
    [InlineData(EndpointState.Up, "+", 0.9, 9.9, null)]
    [InlineData(EndpointState.Up, "+", 1.0, 9.9, Look.Light)]
    [InlineData(EndpointState.Up, "+", 0.1, 10.0, Look.Whole)]
    [InlineData(EndpointState.Degraded, "+", 1.0, 9.9, Look.Light)]
    [InlineData(EndpointState.Up, "L+", 0.2, 5.0, null)]
    [InlineData(EndpointState.Up, "L+", 0.3, 5.0, Look.Whole)]
    [InlineData(EndpointState.Up, "TT+", 0.3, 0.3, Look.Whole)]
    [InlineData(EndpointState.Down, "", 0.9, 0.9, null)]
    [InlineData(EndpointState.Down, "", 1.0, 1.0, Look.Whole)]
    [InlineData(EndpointState.Down, "L", 0.9, 9.0, null)]
    [InlineData(EndpointState.Down, "L", 1.0, 9.0, Look.Light)]
    [InlineData(EndpointState.Down, "LLLLLLLL", 1.0, 60.0, Look.Light)]
    [InlineData(EndpointState.Down, "T", 1.9, 1.9, null)]
    [InlineData(EndpointState.Down, "T", 2.0, 2.0, Look.Whole)]
    [InlineData(EndpointState.Down, "RTTTTTTT", 2.0, 2.0, Look.Whole)]
    [InlineData(EndpointState.Down, "+T", 0.2, 0.2, null)]
    [InlineData(EndpointState.Down, "+T", 0.3, 0.3, Look.Whole)]
    [InlineData(EndpointState.Down, "++++T", 0.3, 0.3, Look.Whole)]
    [InlineData(EndpointState.Down, "+++++T", 0.3, 0.3, null)]
    [InlineData(EndpointState.Down, "+++++T", 1.0, 1.0, Look.Whole)]
    public void News_is_confirmed_at_once_and_the_dead_are_only_knocked_at(
        EndpointState state, string probes, double? sinceLook, double? sinceWhole, object? next) =>
        Assert.Equal(next, (object?)LookPolicy.Due(Facts(state, probes, sinceLook, sinceWhole), Options));

    [Fact]
    public void A_dead_host_that_answers_the_knock_is_asked_for_a_token_at_once() =>
        Assert.Equal(Look.Whole, LookPolicy.Due(Facts(EndpointState.Down, "L", 0, 60) with { IsThere = true }, Options));

    [Fact]
    public void Failing_traffic_is_looked_into_before_its_turn()
    {
        Assert.Equal(Look.Whole, LookPolicy.Due(Facts(EndpointState.Up, "+", 0.1, 1.0) with { IsSuspect = true }, Options));
        Assert.Null(LookPolicy.Due(Facts(EndpointState.Up, "+", 0.1, 0.9) with { IsSuspect = true }, Options));
    }

    [Fact]
    public void A_return_is_noticed_within_four_seconds_at_the_defaults()
    {
        // The longest pause before the first good probe, the pauses between the others, and half a second for the probes themselves.
        var longest = Options.LongestRecheck + (Options.ConfirmEvery * (Options.GoodToUp - 1)) + TimeSpan.FromSeconds(0.5);
        Assert.True(longest <= TimeSpan.FromSeconds(4));
        Assert.True(Options.MinimumDwell <= TimeSpan.FromSeconds(4));
    }

    [Fact]
    public void Mistakes_between_options_are_all_found()
    {
        var wrong = new HealthOptions { RecheckEvery = TimeSpan.FromSeconds(3), ConfirmEvery = TimeSpan.FromSeconds(5) };
        Assert.Equal(2, new HealthRules().Validate(Microsoft.Extensions.Options.Options.DefaultName, wrong).Failures?.Count());
        Assert.True(new HealthRules().Validate(Microsoft.Extensions.Options.Options.DefaultName, Options).Succeeded);
    }

    private static LookFacts Facts(EndpointState state, string newestFirst, double? sinceLook, double? sinceWhole) => new(
        state, [.. newestFirst.Select(Probe)], IsSuspect: false, Seconds(sinceLook), Seconds(sinceWhole), IsThere: false);

    private static TimeSpan? Seconds(double? seconds) => seconds is null ? null : TimeSpan.FromSeconds(seconds.Value);

    private static ProbeResult Probe(char sign) => new()
    {
        Endpoint = "e", At = DateTimeOffset.UnixEpoch, Good = sign == '+', Milliseconds = 1,
        Stage = sign switch { 'L' => ProbeStage.Liveness, 'R' => ProbeStage.Readiness, _ => ProbeStage.Generation },
    };
}
