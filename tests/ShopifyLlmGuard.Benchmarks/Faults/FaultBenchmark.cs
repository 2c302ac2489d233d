using System.Globalization;
using ShopifyLlmGuard.Tests;
using ShopifyLlmGuard.Tests.Faults;

namespace ShopifyLlmGuard.Benchmarks.Faults;

/// <summary>Every fault, plain and streamed, ours and the Portkey gateway side by side, with the numbers that we promise.</summary>
internal static class FaultBenchmark
{
    // FAULTS=S06,X07 and REPETITIONS=3 make a quick look; the promise is measured with all of them.
    private static readonly string[] Only = (Environment.GetEnvironmentVariable("FAULTS") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);
    private static readonly int Repetitions = int.Parse(Environment.GetEnvironmentVariable("REPETITIONS") ?? "30", CultureInfo.InvariantCulture);

    // Sixty words at FailoverBench's pace take 0.9 s by themselves; what failing over costs is seen where they do not.
    private static readonly Fault Fast = Fault.All.Single(fault => fault.Code == "S04") with { Code = "F04", What = "503, always; the other endpoint writes a word a millisecond" };
    private static readonly FaultTimes QuickWords = new() { BetweenTokens = TimeSpan.FromMilliseconds(1) };

    public static async Task<Report> RunAsync()
    {
        using var postgres = new PostgresCluster();
        var slowShop = Wanted("slow-shop") ? new SlowShop(postgres).WaitingCallsAsync() : Task.FromResult(0);
        IReadOnlyList<OutageSeen> outages = Wanted("S15") ? (await Task.WhenAll(
            new OutageRun(postgres, Fault.Outage, Repetitions).RunAsync(), new OutageRun(postgres, Fault.HiddenOutage, Repetitions).RunAsync())).SelectMany(seen => seen).ToList() : [];
        var (rows, strays) = await RowsAsync(postgres);
        var processes = Wanted("P") ? await new ProcessRun(postgres, Repetitions).RunAsync() : [];
        return new("faults", [.. Targets([.. rows, .. processes], outages, strays, await slowShop)], new Dictionary<string, object>
        {
            ["repetitions"] = Repetitions,
            ["load"] = "10 healthy requests a second beside each fault; every repetition on two endpoints of its own that have not failed yet",
            ["rules"] = "FailoverBench v0.1; failing over at once where it would like another try at the same provider (S01, S03) counts as a pass",
            ["portkey"] = $"{Portkey.Version}, plain only: the package answers every stream with a 500 under this Node, also without a fault",
            ["retryShare"] = "1 instead of 0.1 here: so many first failures at the same time would look like the disaster in which retries must stop",
            ["rows"] = rows.Concat(processes).Select(row => row.Summary).ToList(),
            ["outages"] = outages.GroupBy(seen => seen).Select(same => new { same.Key.IsHidden, same.Key.Streamed, same.Key.Unserved, same.Key.AttemptsDuring, same.Key.ProbesDuring, backAfterSeconds = same.Key.BackAfter?.TotalSeconds }).ToList(),
        });
    }

    private static bool Wanted(string code) => Only.Length == 0 || Only.Contains(code);

    private static async Task<(List<FaultRow> Rows, int Strays)> RowsAsync(PostgresCluster postgres)
    {
        var (rows, strays) = (new List<FaultRow>(), 0);
        foreach (var (fault, times) in Fault.All.Select(fault => (Fault: fault, Times: new FaultTimes())).Append((Fault: Fast, Times: QuickWords)).Where(one => Wanted(one.Fault.Code)))
        {
            await using var portkey = await Portkey.StartAsync();
            await using var run = new FaultRun(postgres, portkey, fault, Repetitions, times);
            foreach (var row in await run.RunAsync())
            {
                rows.Add(row);
                Console.Error.WriteLine(
                    $"{fault.Code} {row.System,-8} {(row.Streamed ? "streamed" : "plain"),-9} {string.Join(' ', row.Calls.GroupBy(call => call.Verdict).Select(same => $"{same.Count()} {same.Key}")),-20} p50 {row.Percentile(0.5):0} ms, p99 {row.Percentile(0.99):0} ms");
            }

            strays += run.Strays;
        }

        return (rows, strays);
    }

    private static IEnumerable<Target> Targets(List<FaultRow> rows, IReadOnlyList<OutageSeen> outages, int strays, int waited)
    {
        var ours = rows.Where(row => row.System == "guard").ToList();
        foreach (var streamed in (bool[])[false, true])
        {
            var form = streamed ? "streamed" : "plain";
            var passed = ours.Count(row => row.Fault.IsOneOfSixteen && row.Streamed == streamed && row.AllPass);
            var served = outages.Where(seen => seen.Streamed == streamed).ToList();
            var outage = served.Count > 0 && served.All(seen => seen.Unserved == 0 && seen.BackAfter < TimeSpan.FromSeconds(30)) ? 1 : 0;
            yield return Target.AtLeast($"sixteen faults passed, {form}", passed + outage, "faults", 16);
            yield return Target.AtLeast($"further faults passed, {form}", ours.Count(row => !row.Fault.IsOneOfSixteen && row.Streamed == streamed && row.AllPass), "faults", ours.Count(row => !row.Fault.IsOneOfSixteen && row.Streamed == streamed));
        }

        yield return Target.AtMost("silent upstream, slow first token: slowest answer", Slowest(ours, "S06", "S07"), "s", 5.0);
        yield return Target.AtMost("persistent 503, p99, with an upstream that writes its 60 words at once", ours.Where(row => row.Fault.Code == "F04").Select(row => row.Percentile(0.99) / 1000).DefaultIfEmpty(double.NaN).Max(), "s", 0.5);
        yield return Target.AtMost("truncated answers reported as success", ours.Sum(row => row.Truncated), "answers", 0);
        yield return Target.AtMost("attempts and probes at the failed endpoint per 15 requests in a 60 s outage", outages.Where(seen => !seen.IsHidden).Select(seen => seen.AttemptsDuring + seen.ProbesDuring).DefaultIfEmpty(int.MaxValue).Max(), "attempts", 4);
        // Behind a green light nothing but an answer can tell that it is back, so somebody must ask: the guard itself, for one token.
        yield return Target.AtMost("the same behind a green light: callers' attempts", outages.Where(seen => seen.IsHidden).Select(seen => seen.AttemptsDuring).DefaultIfEmpty(int.MaxValue).Max(), "attempts", 4);
        yield return Target.AtMost("back on the primary after it recovers", outages.Select(seen => seen.BackAfter?.TotalSeconds ?? double.PositiveInfinity).DefaultIfEmpty(double.NaN).Max(), "s", 4);
        yield return Target.AtMost("dispatches outside the jurisdiction", strays, "dispatches", 0);
        yield return Target.AtMost("a shop with 2 chats a minute: requests that wait for a dead endpoint", waited, "requests", 3);
    }

    private static double Slowest(IEnumerable<FaultRow> rows, params string[] codes) =>
        rows.Where(row => codes.Contains(row.Fault.Code)).Select(row => row.Percentile(1) / 1000).DefaultIfEmpty(double.NaN).Max();
}
