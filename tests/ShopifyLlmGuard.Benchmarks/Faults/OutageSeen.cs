namespace ShopifyLlmGuard.Benchmarks.Faults;

/// <summary>What one caller saw of an outage.</summary>
/// <param name="IsHidden">The host said all the time that it is well: only its answers told.</param>
/// <param name="Streamed">The form of its calls.</param>
/// <param name="AttemptsDuring">Callers' requests that came to the endpoint while it was out.</param>
/// <param name="ProbesDuring">The guard's own requests for one token that did.</param>
/// <param name="BackAfter">From the end of the outage to the first call that the endpoint answered; null when it answered none.</param>
internal sealed record OutageSeen(bool IsHidden, bool Streamed, int AttemptsDuring, int ProbesDuring, TimeSpan? BackAfter)
{
    /// <summary>
    /// Why there are two readings. In words, because it decides which number may stand beside FailoverBench's.
    /// </summary>
    public const string Readings =
        "FailoverBench's S15 is 'hidden': only the model's answers fail, while /health and /v1/models of its wall stay 200, and its log counts whatever asks that " +
        "model for tokens, so the guard's one-token probes count there like callers' attempts. Whoever must be back within 4 s of an end that nothing announces has to " +
        "ask at least every 4 s, which is 15 times in a minute: back within 4 s and at most 4 requests exclude each other there. The guard keeps the 4 s and asks with " +
        "one token of small talk every 2 s; callers themselves meet the failed endpoint at most 4 times. 'visible' is the outage as most hosts have it (a dead engine " +
        "behind vLLM, llama.cpp's server, our own host or a load balancer answers 503 at /health, too): there a knock at /health tells, no prompt of anybody " +
        "is spent, and both numbers hold at once.";

    /// <summary>Calls without a whole answer: whose, which, when, and what the caller was told.</summary>
    public IReadOnlyList<string> Unserved { get; init; } = [];

    private string Kind => $"{(IsHidden ? "hidden" : "visible")}, {(Streamed ? "streamed" : "plain")}";

    /// <summary>As the report shows it: all callers of a kind together.</summary>
    public static IEnumerable<object> Summaries(IEnumerable<OutageSeen> all) => all.GroupBy(one => one.Kind).Select(same => new
    {
        outage = same.Key, callers = same.Count(), unserved = same.SelectMany(one => one.Unserved).ToList(),
        attempts = Spread(same, one => one.AttemptsDuring), probes = Spread(same, one => one.ProbesDuring),
        backAfterSeconds = same.Select(one => Math.Round(one.BackAfter?.TotalSeconds ?? double.PositiveInfinity, 2)).Order().ToList(),
    });

    /// <summary>The same in a line each, as soon as it is known.</summary>
    public static IEnumerable<string> Lines(IEnumerable<OutageSeen> all) => all.GroupBy(one => one.Kind).SelectMany(same => (string[])
    [
        $"S15 guard {same.Key}: {same.Sum(one => one.Unserved.Count)} unserved, at most {same.Max(one => one.AttemptsDuring)} attempts and {same.Max(one => one.ProbesDuring)} probes, back after {same.Max(one => one.BackAfter?.TotalSeconds ?? double.PositiveInfinity):0.0} s",
        .. same.SelectMany(one => one.Unserved).Select(call => $"    {call}"),
    ]);

    private static Dictionary<int, int> Spread(IEnumerable<OutageSeen> all, Func<OutageSeen, int> count) =>
        all.GroupBy(count).OrderBy(same => same.Key).ToDictionary(same => same.Key, same => same.Count());
}
