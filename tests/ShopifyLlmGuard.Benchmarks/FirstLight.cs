using System.Diagnostics;
using ShopifyLlmGuard.Browser;

namespace ShopifyLlmGuard.Benchmarks;

/// <summary>The first promise in numbers: storefront answers with a dead model, the guard's idle memory, and the time to a running shop.</summary>
internal static class FirstLight
{
    private const int PerSecond = 200;
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(60);

    public static async Task<Report> RunAsync()
    {
        var (answers, idle, idleAgain) = await WithDeadModelAsync();
        var (cold, warm) = await StartTimes.MeasureAsync();
        var bad = answers.Count(sample => !sample.Good);
        return new(
            "first-light",
            [
                Target.AtMost("storefront answers with a dead LLM at 200 requests/s, p99", OpenLoop.Percentile(answers, 0.99), "ms", 50),
                Target.AtMost("answers that were not 200 with content", bad, "answers", 0),
                Target.AtMost("guard server, resident memory when idle", idle, "MB", 200),
                Target.AtMost("guard server, resident memory, idle for a minute after that load", idleAgain, "MB", 200),
                Target.AtMost("./run, empty NuGet and npm caches, until the shop is up", cold, "s", 300),
                Target.AtMost("./run, warm, until the shop is up", warm, "s", 30),
            ],
            new Dictionary<string, object>
            {
                ["requests"] = answers.Count,
                ["p50Milliseconds"] = Math.Round(OpenLoop.Percentile(answers, 0.5), 2),
                ["maxMilliseconds"] = Math.Round(OpenLoop.Percentile(answers, 1), 2),
                ["load"] = "half chat, half recommendations; open loop; the model's host is killed with SIGKILL at the start; load generator on the same cores",
            });
    }

    private static async Task<(IReadOnlyList<OpenLoop.Sample> Answers, double Idle, double IdleAgain)> WithDeadModelAsync()
    {
        var shop = new RunningShop();
        try
        {
            await shop.StartAsync();
            await shop.InstalledAsync();
            await Task.Delay(TimeSpan.FromSeconds(30), TimeProvider.System);
            var idle = ResidentMegabytes(shop.Guard.Id);
            using var shopify = new ProxyCaller(shop.Guard.Url);
            await OpenLoop.RunAsync(20, TimeSpan.FromSeconds(5), shopify.SendAsync);
            shop.Inference.KillNow();
            var answers = await OpenLoop.RunAsync(PerSecond, Length, shopify.SendAsync);
            await Task.Delay(TimeSpan.FromSeconds(60), TimeProvider.System);
            return (answers, idle, ResidentMegabytes(shop.Guard.Id));
        }
        finally
        {
            await shop.DisposeAsync();
        }
    }

    private static double ResidentMegabytes(int pid)
    {
        using var process = Process.GetProcessById(pid);
        return process.WorkingSet64 / 1e6;
    }
}
