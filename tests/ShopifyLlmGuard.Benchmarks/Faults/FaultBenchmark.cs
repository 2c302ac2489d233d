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

        // The slow shop waits most of its time, and judges no call by milliseconds. Everything else has the machine for itself.
        var slowShop = Wanted("slow-shop") ? new SlowShop(postgres).WaitingCallsAsync() : Task.FromResult<int?>(null);
        var outages = Wanted("S15") ? await OutagesAsync(postgres) : [];
        var processes = Wanted("P") ? await new ProcessRun(postgres, Repetitions).RunAsync() : [];
        processes.ToList().ForEach(Tell);
        var waited = await slowShop;
        var seen = new FaultsSeen([.. processes], outages, waited);
        await AddRowsAsync(postgres, seen);
        return new("faults", [.. FaultTargets.Of(seen)], new Dictionary<string, object>
        {
            ["repetitions"] = Repetitions,
            ["load"] = $"{FaultRun.LoadPerSecond} healthy requests a second beside each fault; every repetition on two endpoints of its own that have not failed yet, two repetitions every {FaultRun.Apart.TotalMilliseconds:0} ms",
            ["rules"] = "FailoverBench v0.1, but for two scenarios: where it would like another try at the same provider (S01, S03), failing over at once counts as a pass here and as 'partial' there",
            ["portkey"] = $"{Portkey.Version}; for streams with Peer/portkey-streams.mjs, without which the package answers each with a 500",
            ["settings"] = "the guard's defaults, but for the places of the gateway, which all these callers share",
            ["healthy"] = new { calls = seen.Healthy, unanswered = seen.HealthyMissed.Count, toldInstead = seen.HealthyMissed.GroupBy(FaultRow.Words).ToDictionary(same => same.Key, same => same.Count()) },
            ["rows"] = seen.Rows.Select(row => row.Summary).ToList(),
            ["outages"] = OutageSeen.Summaries(outages).ToList(),
            ["readings"] = OutageSeen.Readings,
        });
    }

    private static async Task<IReadOnlyList<OutageSeen>> OutagesAsync(PostgresCluster postgres)
    {
        List<OutageSeen> seen = [];
        foreach (var outage in (Fault[])[Fault.Outage, Fault.HiddenOutage])
        {
            var one = await new OutageRun(postgres, outage, Repetitions).RunAsync();
            OutageSeen.Lines(one).ToList().ForEach(Console.Error.WriteLine);
            seen.AddRange(one);
        }

        return seen;
    }

    private static bool Wanted(string code) => Only.Length == 0 || Only.Contains(code);

    private static async Task AddRowsAsync(PostgresCluster postgres, FaultsSeen seen)
    {
        await using var portkey = await Portkey.StartAsync(streams: true);
        var runs = new List<(FaultRun Run, Task<IReadOnlyList<FaultRow>> Peers)>();
        foreach (var (fault, times) in Fault.All.Select(fault => (Fault: fault, Times: new FaultTimes())).Append((Fault: Fast, Times: QuickWords)).Where(one => Wanted(one.Fault.Code)))
        {
            var run = new FaultRun(postgres, portkey, fault, Repetitions, times);
            var (ours, peers) = await run.RunAsync();
            runs.Add((run, peers));
            seen.Add(ours);
            seen.Add(run.Load!);
        }

        foreach (var (run, peers) in runs)
        {
            seen.Add(await peers);
            seen.Strays += run.Strays;
            await run.DisposeAsync();
        }
    }

    /// <summary>A line as soon as something is known.</summary>
    internal static void Tell(FaultRow row) => Console.Error.WriteLine(
        $"{row.Fault.Code} {row.System,-8} {(row.Streamed ? "streamed" : "plain"),-9} {string.Join(' ', row.Calls.GroupBy(call => call.Verdict).Select(same => $"{same.Count()} {same.Key}")),-20} p50 {row.Percentile(0.5):0} ms, p99 {row.Percentile(0.99):0} ms");
}
