using System.Globalization;

namespace ShopifyLlmGuard.Health;

/// <summary>What recent traffic says; null numbers mean that there was too little of it to say anything.</summary>
internal sealed record TrafficFacts(double? ErrorRatio, TimeSpan? SlowFirstToken);

/// <summary>When the guard changes its mind about an endpoint. Pure, with hysteresis: bad news counts sooner than good news.</summary>
internal static class HealthPolicy
{
    /// <summary>Decides an endpoint's next state.</summary>
    /// <param name="now">The endpoint as it is thought of now.</param>
    /// <param name="probes">Recent probes, newest first. Missing probes are no data: neither good nor bad.</param>
    /// <param name="traffic">Recent traffic of this server.</param>
    /// <param name="options">The thresholds.</param>
    /// <returns>The state and, unless up, why.</returns>
    public static (EndpointState State, string? Detail) Decide(
        EndpointHealth now, IReadOnlyList<ProbeResult> probes, TrafficFacts traffic, HealthOptions options)
    {
        if (probes.Count >= options.FailuresToDown && probes.Take(options.FailuresToDown).All(probe => !probe.Good))
        {
            return (EndpointState.Down, Silent(now.Endpoint, options.FailuresToDown, probes[0]));
        }

        var trouble = Trouble(now.Endpoint, traffic, options);
        if (now.State == EndpointState.Up)
        {
            return trouble is null ? (EndpointState.Up, null) : (EndpointState.Degraded, trouble);
        }

        // Only what happened since the state began can end it.
        var since = probes.TakeWhile(probe => now.Since is null || probe.At >= now.Since).ToList();
        var hasRecovered = trouble is null && since.Count >= options.GoodToUp && since.Take(options.GoodToUp).All(probe => probe.Good);
        return hasRecovered ? (EndpointState.Up, null) : (now.State, now.Detail);
    }

    /// <summary>How old the newest probe may become before somebody must look again: soon while one is down, else when the schedule is late.</summary>
    public static TimeSpan Patience(bool oneIsDown, HealthOptions options) =>
        oneIsDown ? options.RecheckEvery / 2 : options.Every * 1.5;

    private static string Silent(string endpoint, int probes, ProbeResult last) =>
        $"Endpoint {endpoint} has not answered {probes} probes in a row; last: {last.Detail ?? last.Reason}.";

    private static string? Trouble(string endpoint, TrafficFacts traffic, HealthOptions options) => traffic switch
    {
        { ErrorRatio: { } ratio } when ratio > options.ErrorRatio => string.Create(
            CultureInfo.InvariantCulture, $"Endpoint {endpoint} failed {100 * ratio:0} % of its recent answers."),
        { SlowFirstToken: { } slow } when slow > options.SlowFirstToken => string.Create(
            CultureInfo.InvariantCulture, $"Endpoint {endpoint} begins too late: 1 of 20 recent answers took over {slow.TotalSeconds:0.0} s to start."),
        _ => null,
    };
}
