using System.Globalization;
using ShopifyLlmGuard.Tests;

namespace ShopifyLlmGuard.Benchmarks.Gateway;

/// <summary>What the gateway costs: added time, throughput and memory before an instant upstream; ours, Portkey and a plain YARP in one run.</summary>
internal static class GatewayBenchmark
{
    private const string SystemCore = "1";
    private static readonly int[] Rates = [50, 200, 1000];
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable("SECONDS") ?? "20", CultureInfo.InvariantCulture));

    public static async Task<Report> RunAsync()
    {
        using var postgres = new PostgresCluster();
        await using var upstream = await PeerProcess.StartAsync(PeerProcess.Upstream);
        await using var yarp = await PeerProcess.StartAsync(PeerProcess.Yarp, upstream.Url);
        await using var portkey = await Portkey.StartAsync();
        await using var guard = await GuardServer.StartAsync(postgres, Settings(upstream.Url));
        var key = await guard.KeyAsync("EU");
        await guard.RunAsync();
        var nothing = new Dictionary<string, string>();
        using var direct = new LoadedSystem("direct", upstream.Url, null, nothing);
        using var plain = new LoadedSystem("yarp", yarp.Url, yarp.Pid, nothing);
        using var peer = new LoadedSystem("portkey", portkey.Url, portkey.Pid, Portkey.Headers((upstream.Url, "instant")));
        using var ours = new LoadedSystem("guard", guard.Url, guard.Pid, new Dictionary<string, string> { ["Authorization"] = $"Bearer {key}" });
        var seen = new List<Measured>();
        foreach (var system in (LoadedSystem[])[direct, plain, peer, ours])
        {
            seen.Add(await MeasureAsync(system));
        }

        return Report(seen);
    }

    private static async Task<Measured> MeasureAsync(LoadedSystem system)
    {
        await system.PinAsync(SystemCore);
        await OpenLoop.RunAsync(100, TimeSpan.FromSeconds(5), system.SendAsync);
        var (rest, rates) = (system.Megabytes, new List<Rate>());
        foreach (var perSecond in Rates)
        {
            var samples = await OpenLoop.RunAsync(perSecond, Length, system.SendAsync);
            rates.Add(new(perSecond, OpenLoop.Percentile(samples, 0.5), OpenLoop.Percentile(samples, 0.99), samples.Count(sample => !sample.Good)));
            Console.Error.WriteLine($"{system.Name,-8} {perSecond,5}/s: p50 {rates[^1].P50:0.00} ms, p99 {rates[^1].P99:0.00} ms, {rates[^1].Bad} bad");
        }

        var limit = await system.LimitAsync(Length);
        Console.Error.WriteLine($"{system.Name,-8} limit {limit:0}/s, memory {rest:0} MB at rest, {system.Megabytes:0} MB after");
        return new(system.Name, rates, limit, rest, system.Megabytes);
    }

    private static Report Report(List<Measured> seen)
    {
        Measured Of(string name) => seen.Single(measured => measured.Name == name);
        double Added(string name, Func<Rate, double> percentile) => percentile(Of(name).At(200)) - percentile(Of("direct").At(200));
        var (ours, peers) = (Added("guard", rate => rate.P99), Added("portkey", rate => rate.P99));
        return new(
            "gateway",
            [
                Target.AtMost("added p99 at 200 requests/s", ours, "ms", 1),
                Target.AtMost("added p99 at 200 requests/s, share of Portkey's", ours / peers, "", 0.2),
                Target.AtLeast("throughput, share of a plain YARP's", Of("guard").Limit / Of("yarp").Limit, "", 0.5),
                Target.AtMost("answers of ours that were not good", Of("guard").Rates.Sum(rate => rate.Bad), "answers", 0),
            ],
            new Dictionary<string, object>
            {
                ["load"] = $"open loop, {Length.TotalSeconds} s a rate; the system on core {SystemCore}, the rest where the kernel likes; the guard asks upstream for a stream and seals a record of each call in PostgreSQL on the same machine",
                ["systems"] = seen.Select(measured => new
                {
                    measured.Name, limitPerSecond = measured.Limit, restMegabytes = measured.Rest, afterMegabytes = measured.After,
                    rates = measured.Rates.Select(rate => new
                    {
                        rate.PerSecond, p50 = Math.Round(rate.P50, 3), p99 = Math.Round(rate.P99, 3), rate.Bad,
                        addedP50 = Math.Round(rate.P50 - Of("direct").At(rate.PerSecond).P50, 3), addedP99 = Math.Round(rate.P99 - Of("direct").At(rate.PerSecond).P99, 3),
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

    private sealed record Rate(int PerSecond, double P50, double P99, int Bad);

    private sealed record Measured(string Name, IReadOnlyList<Rate> Rates, double Limit, double Rest, double After)
    {
        public Rate At(int perSecond) => Rates.Single(rate => rate.PerSecond == perSecond);
    }
}
