using ShopifyLlmGuard.Tests.Faults;

namespace ShopifyLlmGuard.Benchmarks.Faults;

/// <summary>Everything that a run has seen.</summary>
/// <param name="Rows">Of every fault, form and system.</param>
/// <param name="Outages">Of every caller in the outage of a minute.</param>
/// <param name="Waited">Calls of the slow shop that waited for a dead endpoint; null when it was not asked for.</param>
internal sealed record FaultsSeen(List<FaultRow> Rows, IReadOnlyList<OutageSeen> Outages, int? Waited)
{
    public int Healthy { get; private set; }
    public List<Told> HealthyMissed { get; } = [];

    /// <summary>Words that came to an endpoint outside their jurisdiction.</summary>
    public int Strays { get; set; }

    public void Add(IReadOnlyList<FaultRow> rows)
    {
        rows.ToList().ForEach(FaultBenchmark.Tell);
        Rows.AddRange(rows);
    }

    public void Add(HealthyLoad load)
    {
        Healthy += load.Calls;
        HealthyMissed.AddRange(load.Missed);
    }
}

/// <summary>What we promise under faults, against what was seen.</summary>
internal static class FaultTargets
{
    public static IEnumerable<Target> Of(FaultsSeen seen)
    {
        var ours = seen.Rows.Where(row => row.System == "guard").ToList();
        return
        [
            .. Passed(ours, seen.Outages, streamed: false), .. Passed(ours, seen.Outages, streamed: true),
            Target.AtMost("silent upstream, slow first token: slowest answer", Slowest(ours, "S06", "S07"), "s", 5.0),
            Target.AtMost("persistent 503, p99, with an upstream that writes its 60 words at once", ours.Where(row => row.Fault.Code == "F04").Select(row => row.Percentile(0.99) / 1000).DefaultIfEmpty(double.NaN).Max(), "s", 0.5),
            Target.AtMost("slowest end of any call under any fault", ours.Select(row => row.Percentile(1) / 1000).DefaultIfEmpty(double.NaN).Max(), "s", 5.0),
            Target.AtMost("truncated answers reported as success", ours.Sum(row => row.Truncated), "answers", 0),
            Target.AtMost("attempts at the failed endpoint per 15 requests in a 60 s outage: callers' own, hidden", Most(seen.Outages, hidden: true, one => one.AttemptsDuring), "attempts", 4),
            Target.AtMost("the same with the guard's own one-token probes, hidden: see 'readings'", Most(seen.Outages, hidden: true, one => one.AttemptsDuring + one.ProbesDuring), "attempts", 4),
            Target.AtMost("the same with probes, visible", Most(seen.Outages, hidden: false, one => one.AttemptsDuring + one.ProbesDuring), "attempts", 4),
            Target.AtMost("back on the primary after it recovers, hidden", SlowestReturn(seen.Outages, hidden: true), "s", 4),
            Target.AtMost("back on the primary after it recovers, visible", SlowestReturn(seen.Outages, hidden: false), "s", 4),
            Target.AtMost("dispatches outside the jurisdiction", seen.Strays, "dispatches", 0),
            Target.AtMost("a shop with 2 chats a minute: requests that wait for a dead endpoint", seen.Waited ?? double.NaN, "requests", 3),
            Target.AtMost("healthy requests beside the faults that got no answer", seen.HealthyMissed.Count, "requests", 0),
        ];
    }

    private static IEnumerable<Target> Passed(List<FaultRow> ours, IReadOnlyList<OutageSeen> outages, bool streamed)
    {
        var form = streamed ? "streamed" : "plain";
        var rows = ours.Where(row => row.Streamed == streamed).ToList();
        var callers = outages.Where(one => one.Streamed == streamed).ToList();
        var outage = callers.Count > 0 && callers.All(one => one.Unserved.Count == 0 && one.BackAfter < TimeSpan.FromSeconds(30)) ? 1 : 0;
        yield return Target.AtLeast($"sixteen faults passed, {form}", rows.Count(row => row.Fault.IsOneOfSixteen && row.AllPass) + outage, "faults", 16);
        yield return Target.AtLeast(
            $"further faults passed, {form}", rows.Count(row => !row.Fault.IsOneOfSixteen && row.AllPass), "faults", rows.Count(row => !row.Fault.IsOneOfSixteen));
    }

    private static double Most(IReadOnlyList<OutageSeen> outages, bool hidden, Func<OutageSeen, int> count) =>
        outages.Where(one => one.IsHidden == hidden).Select(one => (double)count(one)).DefaultIfEmpty(double.NaN).Max();

    private static double SlowestReturn(IReadOnlyList<OutageSeen> outages, bool hidden) =>
        outages.Where(one => one.IsHidden == hidden).Select(one => one.BackAfter?.TotalSeconds ?? double.PositiveInfinity).DefaultIfEmpty(double.NaN).Max();

    private static double Slowest(IEnumerable<FaultRow> rows, params string[] codes) =>
        rows.Where(row => codes.Contains(row.Fault.Code)).Select(row => row.Percentile(1) / 1000).DefaultIfEmpty(double.NaN).Max();
}
