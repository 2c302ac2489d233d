using System.Diagnostics;
using System.Globalization;
using ShopifyLlmGuard.Tests;

namespace ShopifyLlmGuard.Benchmarks.Gateway;

/// <summary>
/// What the gateway costs: added time, throughput and memory before an instant upstream; ours, Portkey, a plain YARP and a plain
/// handler in one run. In each round every system has its turn, so that whatever else the machine does meets all of them.
/// </summary>
internal static class GatewayBenchmark
{
    private const string SystemCore = "1";
    private const int Rounds = 5;
    private static readonly int[] Rates = [50, 200, 1000];
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable("SECONDS") ?? "20", CultureInfo.InvariantCulture));
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task<Report> RunAsync()
    {
        using var postgres = new PostgresCluster();
        await using var upstream = await PeerProcess.StartAsync(PeerProcess.Upstream);
        await using var yarp = await PeerProcess.StartAsync(PeerProcess.Yarp, upstream.Url);
        await using var handler = await PeerProcess.StartAsync(PeerProcess.Plain, upstream.Url);
        await using var portkey = await Portkey.StartAsync();
        await using var guard = await GuardServer.StartAsync(postgres, Settings(upstream.Url));
        var key = await guard.KeyAsync("EU");
        await guard.RunAsync();
        var nothing = new Dictionary<string, string>();
        using var direct = new LoadedSystem("direct", upstream.Url, null, nothing);
        using var proxy = new LoadedSystem("yarp", yarp.Url, yarp.Pid, nothing);
        using var plain = new LoadedSystem("plain", handler.Url, handler.Pid, nothing);
        using var peer = new LoadedSystem("portkey", portkey.Url, portkey.Pid, Portkey.Headers((upstream.Url, "instant")));
        using var ours = new LoadedSystem("guard", guard.Url, guard.Pid, new Dictionary<string, string> { ["Authorization"] = $"Bearer {key}" });
        var seen = await MeasureAsync([direct, proxy, plain, peer, ours]);
        return Report(seen, await UnrecordedAsync(guard, ours));
    }

    private static async Task<IReadOnlyList<Measured>> MeasureAsync(IReadOnlyList<LoadedSystem> systems)
    {
        var seen = systems.Select(system => new Measured(system)).ToList();
        foreach (var system in systems)
        {
            await system.PinAsync(SystemCore);
            await system.LimitAsync(Length);
        }

        foreach (var perSecond in Rates)
        {
            await TakeTurnsAsync(seen, async turn => turn.Samples[perSecond].AddRange(await OpenLoop.RunAsync(perSecond, Length / Rounds, turn.System.SendAsync)));
            seen.ForEach(measured => Console.Error.WriteLine(
                $"{measured.System.Name,-8} {perSecond,5}/s: p50 {measured.At(perSecond, 0.5):0.00} ms, p99 {measured.At(perSecond, 0.99):0.00} ms, {measured.Bad(perSecond)} bad"));
        }

        await TakeTurnsAsync(seen, async turn => turn.Limits.Add(await turn.System.LimitAsync(Length / Rounds)));
        seen.ForEach(measured => Console.Error.WriteLine(
            $"{measured.System.Name,-8} limit {measured.PerSecond:0}/s at {measured.Microseconds:0} us of the processor each, memory {measured.Rest:0} MB at rest, {measured.System.Megabytes:0} MB after"));
        return seen;
    }

    private static async Task TakeTurnsAsync(IReadOnlyList<Measured> seen, Func<Measured, Task> turn)
    {
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var measured in seen)
            {
                await turn(measured);
            }
        }
    }

    // Records are written a moment after the answers.
    private static async Task<int> UnrecordedAsync(GuardServer guard, LoadedSystem ours)
    {
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        for (var watch = Stopwatch.StartNew(); await guard.RecordsAsync() < ours.Answers && watch.Elapsed < Patience; await ticks.WaitForNextTickAsync())
        {
        }

        return Math.Max(0, ours.Answers - await guard.RecordsAsync());
    }

    private static Report Report(IReadOnlyList<Measured> seen, int unrecorded)
    {
        Measured Of(string name) => seen.Single(measured => measured.System.Name == name);
        double Added(string name, int rate, double share) => Of(name).At(rate, share) - Of("direct").At(rate, share);
        var shares = Of("guard").Limits.Zip(Of("yarp").Limits, (ours, yarps) => ours.PerSecond / yarps.PerSecond).Order().ToList();
        return new(
            "gateway",
            [
                Target.AtMost("added p99 at 200 requests/s", Added("guard", 200, 0.99), "ms", 1),
                Target.AtMost("added p99 at 200 requests/s, share of Portkey's", Added("guard", 200, 0.99) / Added("portkey", 200, 0.99), "", 0.2),
                Target.AtLeast("throughput, share of a plain YARP's, median of the rounds", shares[Rounds / 2], "", 0.5),
                Target.AtMost("answers of ours that were not good", Rates.Sum(Of("guard").Bad), "answers", 0),
                Target.AtMost("answers of ours without a record", unrecorded, "answers", 0),
            ],
            new Dictionary<string, object>
            {
                ["load"] = $"open loop, {Length.TotalSeconds} s a rate in {Rounds} rounds in which every system has its turn; the systems on core {SystemCore}, the rest where the kernel likes; the guard and the plain handler ask upstream for a stream, and the guard seals a record of each call in PostgreSQL on the same machine",
                ["shares"] = shares.Select(share => Math.Round(share, 3)),
                ["systems"] = seen.Select(measured => new
                {
                    measured.System.Name, limitPerSecond = Math.Round(measured.PerSecond), microsecondsOfProcessor = Math.Round(measured.Microseconds, 1),
                    restMegabytes = measured.Rest, afterMegabytes = measured.System.Megabytes,
                    rates = Rates.Select(rate => new
                    {
                        perSecond = rate, p50 = Math.Round(measured.At(rate, 0.5), 3), p99 = Math.Round(measured.At(rate, 0.99), 3), bad = measured.Bad(rate),
                        addedP50 = Math.Round(Added(measured.System.Name, rate, 0.5), 3), addedP99 = Math.Round(Added(measured.System.Name, rate, 0.99), 3),
                    }),
                }).ToList(),
            });
    }

    private static IEnumerable<(string Key, string Value)> Settings(string upstream) =>
    [
        ("Llm:Endpoints:0:Id", "instant"), ("Llm:Endpoints:0:Url", upstream), ("Llm:Endpoints:0:Model", "instant"), ("Llm:Endpoints:0:Region", "eu"),
        ("Llm:Endpoints:0:Jurisdiction", "EU"), ("Llm:Endpoints:0:Concurrency", "10000"), ("Llm:Bulkhead:PerFeature", "2000"), ("Llm:Bulkhead:PerShop", "1500"),
        ("Logging:LogLevel:Default", "Warning"),
    ];

    private sealed record Measured(LoadedSystem System)
    {
        public double Rest { get; } = System.Megabytes;
        public Dictionary<int, List<OpenLoop.Sample>> Samples { get; } = Rates.ToDictionary(rate => rate, _ => new List<OpenLoop.Sample>());
        public List<Limit> Limits { get; } = [];
        public double PerSecond => Limits.Average(limit => limit.PerSecond);
        public double Microseconds => Limits.Average(limit => limit.Microseconds);

        public double At(int rate, double share) => OpenLoop.Percentile(Samples[rate], share);

        public int Bad(int rate) => Samples[rate].Count(sample => !sample.Good);
    }
}
