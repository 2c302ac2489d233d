using ShopifyLlmGuard.Tests.Faults;

namespace ShopifyLlmGuard.Benchmarks.Faults;

/// <summary>One call under a fault: how it was judged, what the caller was told, and what the broken endpoint saw of it.</summary>
internal sealed record FaultCall(string Verdict, Told? Told, TimeSpan Took, int AttemptsAtFirst, bool Truncated);

/// <summary>All repetitions of one fault in one form against one gateway.</summary>
internal sealed record FaultRow(Fault Fault, string System, bool Streamed, IReadOnlyList<FaultCall> Calls)
{
    public bool AllPass => Calls.All(call => call.Verdict == FaultVerdict.Pass);

    public int Truncated => Calls.Count(call => call.Truncated);

    public double Percentile(double share)
    {
        var sorted = Calls.Select(call => call.Took.TotalMilliseconds).Order().ToList();
        return sorted[Math.Min(sorted.Count - 1, (int)Math.Ceiling(share * sorted.Count) - 1)];
    }

    /// <summary>As the report shows it.</summary>
    public object Summary => new
    {
        fault = Fault.Code, what = Fault.What, system = System, form = Streamed ? "streamed" : "plain",
        verdicts = Calls.GroupBy(call => call.Verdict).ToDictionary(same => same.Key, same => same.Count()),
        p50Milliseconds = Math.Round(Percentile(0.5)), p99Milliseconds = Math.Round(Percentile(0.99)),
        attemptsAtFirst = Calls.GroupBy(call => call.AttemptsAtFirst).OrderBy(same => same.Key).ToDictionary(same => same.Key, same => same.Count()),
        callersWereTold = Calls.GroupBy(call => Words(call.Told)).OrderByDescending(same => same.Count()).Take(4).ToDictionary(same => same.Key, same => same.Count()),
    };

    /// <summary>What a caller was told, in words that repeat.</summary>
    public static string Words(Told? told) => told switch
    {
        null => "nothing within the limit",
        { IsComplete: true } => "200, the whole answer",
        { Status: 200, EndedWell: true, Error: null, Finish: "length" } => "200, as long as was allowed",
        { IsTruncated: true } => "200, half an answer as a whole one",
        _ => $"{told.Status} {told.Error ?? "broken off without a word"}",
    };
}
