using System.Globalization;

namespace ShopifyLlmGuard.Health;

/// <summary>What recent traffic says; null numbers mean that there was too little of it to say anything.</summary>
/// <param name="ErrorRatio">The share of attempts that failed.</param>
/// <param name="SlowFirstToken">The p95 time to first token.</param>
/// <param name="LastGood">When the endpoint last gave a whole answer; null: never, or long ago.</param>
internal sealed record TrafficFacts(double? ErrorRatio, TimeSpan? SlowFirstToken, DateTimeOffset? LastGood = null);

/// <summary>What the host says about itself; null: it does not say, or nothing is wrong.</summary>
/// <param name="StandsFor">How long it has had work and computed nothing.</param>
/// <param name="TightFor">How long its memory has been too full.</param>
internal sealed record HostFacts(TimeSpan? StandsFor, TimeSpan? TightFor)
{
    public static HostFacts Nothing { get; } = new(null, null);
}

/// <summary>Everything that was observed of an endpoint, at one moment.</summary>
/// <param name="Probes">Recent probes, newest first. Missing ones are no data: neither good nor bad.</param>
/// <param name="Traffic">Recent traffic of this server.</param>
/// <param name="Host">What the host itself tells.</param>
/// <param name="Now">The moment.</param>
internal sealed record Evidence(IReadOnlyList<ProbeResult> Probes, TrafficFacts Traffic, HostFacts Host, DateTimeOffset Now);

/// <summary>
/// When the guard changes its mind about an endpoint. Pure, with hysteresis: bad news counts at once, good news when it lasts. What
/// nobody knows changes nothing, and what a probe itself did wrong is not known.
/// </summary>
internal static class HealthPolicy
{
    /// <summary>Decides an endpoint's next state.</summary>
    /// <param name="now">The endpoint as it is thought of now.</param>
    /// <param name="evidence">What was observed.</param>
    /// <param name="options">The thresholds.</param>
    /// <returns>The state and, unless up, why.</returns>
    public static (EndpointState State, string? Detail) Decide(EndpointHealth now, Evidence evidence, HealthOptions options)
    {
        var probes = evidence.Probes.Where(probe => probe.Finding != Finding.Unknown).ToList();
        if (Death(now.Endpoint, probes, evidence, options) is { } death)
        {
            return (EndpointState.Down, death);
        }

        var trouble = Trouble(now.Endpoint, evidence, options);
        if (now.State == EndpointState.Up)
        {
            return trouble is null ? (EndpointState.Up, null) : (EndpointState.Degraded, trouble);
        }

        // Only what happened since the state began can end it.
        var since = probes.TakeWhile(probe => now.Since is null || probe.At >= now.Since).ToList();
        var isGood = since.Count >= options.GoodToUp && since.Take(options.GoodToUp).All(probe => probe.Good);
        var hasDwelt = now.Since is null || evidence.Now - now.Since >= options.MinimumDwell;
        return trouble is null && isGood && hasDwelt ? (EndpointState.Up, null) : (now.State, now.Detail);
    }

    private static string? Death(string endpoint, List<ProbeResult> probes, Evidence evidence, HealthOptions options)
    {
        if (evidence.Host.StandsFor >= options.StalledAfter && !(evidence.Traffic.LastGood > evidence.Now - evidence.Host.StandsFor))
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"Endpoint {endpoint} accepts work and has computed nothing for {evidence.Host.StandsFor.Value.TotalSeconds:0} s.");
        }

        // Shoppers who get answers know better than a probe.
        var failed = probes.TakeWhile(probe => !probe.Good).Take(options.FailuresToDown).ToList();
        return failed.Count == options.FailuresToDown && !(evidence.Traffic.LastGood > failed[^1].At)
            ? $"Endpoint {endpoint} has not answered {failed.Count} probes in a row; last: {failed[0].Detail ?? failed[0].Reason}."
            : null;
    }

    private static string? Trouble(string endpoint, Evidence evidence, HealthOptions options) => (evidence.Traffic, evidence.Host) switch
    {
        ({ ErrorRatio: { } ratio }, _) when ratio > options.ErrorRatio => string.Create(
            CultureInfo.InvariantCulture, $"Endpoint {endpoint} failed {100 * ratio:0} % of its recent answers."),
        ({ SlowFirstToken: { } slow }, _) when slow > options.SlowFirstToken => string.Create(
            CultureInfo.InvariantCulture, $"Endpoint {endpoint} begins too late: 1 of 20 recent answers took over {slow.TotalSeconds:0.0} s to start."),
        (_, { TightFor: { } tight }) when tight >= options.TightFor => string.Create(
            CultureInfo.InvariantCulture, $"Endpoint {endpoint} has less than {100 * options.LeastHeadroom:0} % of its memory left."),
        _ => null,
    };
}
