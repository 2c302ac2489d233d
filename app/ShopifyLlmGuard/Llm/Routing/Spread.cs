using ShopifyLlmGuard.Health;

namespace ShopifyLlmGuard.Llm.Routing;

/// <summary>In which order endpoints are asked. Pure but for the dice.</summary>
internal static class Spread
{
    /// <summary>
    /// Healthy before degraded, and those that are down only when there is nothing else. Among equals by lot: half the
    /// predicted wait makes four times the chance, so that the fast and idle get most calls and no measurement grows old.
    /// </summary>
    /// <param name="endpoints">Each with its health and how long an answer would take there now.</param>
    /// <param name="dice">A number from 0 up to 1.</param>
    public static IReadOnlyList<T> Order<T>(IEnumerable<(T Endpoint, EndpointState State, TimeSpan Wait)> endpoints, Func<double> dice)
    {
        var all = endpoints.ToList();
        var alive = all.Where(candidate => candidate.State != EndpointState.Down).ToList();

        // The smallest of -ln(u)/weight is a draw by weight; so are the ones after it.
        return [.. (alive.Count > 0 ? alive : all)
            .Select(candidate => (candidate.Endpoint, candidate.State, Ticket: Ticket(candidate.Wait, dice())))
            .OrderBy(candidate => candidate.State).ThenBy(candidate => candidate.Ticket)
            .Select(candidate => candidate.Endpoint)];
    }

    private static double Ticket(TimeSpan wait, double thrown)
    {
        var seconds = Math.Max(wait.TotalSeconds, 0.001);
        return -Math.Log(1 - thrown) * seconds * seconds;
    }
}
