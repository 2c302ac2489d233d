using System.Globalization;
using ShopifyLlmGuard.Tests;

namespace ShopifyLlmGuard.Benchmarks.Propagation;

/// <summary>How fast a change of mind is everywhere, what deciding costs, and what an outage of the database changes: nothing.</summary>
internal static class PropagationBenchmark
{
    // ROUNDS=5 and OUTAGE_MINUTES=0.2 make a quick look; the promise is measured with all of them.
    private static readonly int Rounds = Math.Max(3, (int)Setting("ROUNDS", 150));
    private static readonly double OutageMinutes = Setting("OUTAGE_MINUTES", 10);

    public static async Task<Report> RunAsync()
    {
        using var postgres = new PostgresCluster();
        await using var fleet = await GuardFleet.StartAsync(postgres, ManyShops.Count);
        var decision = await DecisionRun.RunAsync(fleet.Database);
        IReadOnlyList<OpenLoop.Sample> pins, alerts, bypasses;
        using (var run = new PinRun(fleet, Rounds))
        {
            pins = await run.RunAsync();
        }

        using (var run = new AlertRun(fleet, Rounds / 3))
        {
            alerts = await run.RunAsync();
        }

        using (var run = new BypassRun(fleet, Rounds / 3))
        {
            bypasses = await run.RunAsync();
        }

        var outage = await new OutageRun(fleet, TimeSpan.FromMinutes(OutageMinutes)).RunAsync();
        return new(
            "propagation",
            [
                Target.AtMost("pin, or its release, to every server's answers, p99", OpenLoop.Percentile(pins, 0.99), "ms", 200),
                Target.AtMost("alert, or its end, at Alertmanager's door to the mode at every server, p99", OpenLoop.Percentile(alerts, 0.99), "ms", 1000),
                Target.AtMost("bypass without database to every server's answers, p99", OpenLoop.Percentile(bypasses, 0.99), "ms", 1000),
                Target.AtMost("changes that did not reach every server within 20 s", pins.Concat(alerts).Concat(bypasses).Count(sample => !sample.Good), "changes", 0),
                Target.AtMost("one mode evaluation", decision.Nanoseconds / 1000, "us", 1),
                Target.AtMost("allocated by one mode evaluation", decision.BytesPerCall, "bytes", 0),
                Target.AtMost("snapshot memory for 10,000 shops, a server", decision.Megabytes, "MB", 50),
                Target.AtMost($"database away for {OutageMinutes} minutes under load: failed storefront answers", outage.Answers.Count(sample => !sample.Good), "answers", 0),
                Target.AtMost($"database away for {OutageMinutes} minutes: acknowledged changes that a server lost", outage.Lost, "changes", 0),
            ],
            new Dictionary<string, object>
            {
                ["setting"] = "three guard servers, one PostgreSQL, load generator, all on the same cores; 10,000 shops with fallback texts and switches of their own",
                ["changes"] = pins.Count, ["alerts"] = alerts.Count, ["bypasses"] = bypasses.Count,
                ["alertP50Milliseconds"] = Math.Round(OpenLoop.Percentile(alerts, 0.5), 1),
                ["bypassP50Milliseconds"] = Math.Round(OpenLoop.Percentile(bypasses, 0.5), 1),
                ["pinP50Milliseconds"] = Math.Round(OpenLoop.Percentile(pins, 0.5), 1),
                ["pinMaxMilliseconds"] = Math.Round(OpenLoop.Percentile(pins, 1), 1),
                ["answersDuringOutage"] = outage.Answers.Count,
                ["answerP99DuringOutageMilliseconds"] = Math.Round(OpenLoop.Percentile(outage.Answers, 0.99), 1),
                ["allChangesEverywhereAfterSeconds"] = Math.Round(outage.BackSeconds, 1),
            });
    }

    private static double Setting(string name, double otherwise) =>
        double.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
