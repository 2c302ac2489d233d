using System.Diagnostics;

namespace ShopifyLlmGuard.Benchmarks.LocalModel;

/// <summary>SIGKILL to the worker of a supervised host, and the time until the next request is answered.</summary>
internal static class KilledWorker
{
    // A third one within ten minutes is another state, which starts slowly on purpose.
    private const int Kills = 2;
    private static readonly int Hosts = Pairs.IsTrial ? 1 : 4;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public static async Task<(IReadOnlyList<Target> Targets, object Notes)> RunAsync(string model)
    {
        var (loads, outages) = (new List<double>(), new List<double>());
        for (var host = 0; host < Hosts; host++)
        {
            // As a worker loads again what it has served: without the trial.
            await using (var alone = await HostedModel.StartAsync(model, "--Inference:Trial", "false"))
            {
                loads.Add(alone.StartTime.TotalSeconds);
            }

            await using var supervised = await HostedModel.StartAsync(model, "--supervise");
            for (var kill = 0; kill < Kills; kill++)
            {
                outages.Add(await OutageAsync(supervised));
            }
        }

        var load = Math.Round(new Pairs(loads).Median, 2);
        return (
            [Target.AtMost($"killed worker: next accepted answer after, the longest of {outages.Count}", outages.Max(), "s", Math.Round(load + 2, 2))],
            new
            {
                modelLoadSeconds = load, outagesSeconds = outages.Select(seconds => Math.Round(seconds, 2)),
                target = "model load time (the start of a host until it answers, in the same run) + 2 s",
            });
    }

    private static async Task<double> OutageAsync(HostedModel host)
    {
        var worker = (await host.HealthAsync()).GetProperty("worker").GetProperty("process").GetInt32();
        using var victim = Process.GetProcessById(worker);
        var began = Stopwatch.GetTimestamp();
        victim.Kill();
        await victim.WaitForExitAsync();
        while (!await IsAnsweredAsync(host))
        {
            if (Stopwatch.GetElapsedTime(began) > Patience)
            {
                break;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task<bool> IsAnsweredAsync(HostedModel host)
    {
        try
        {
            return (await host.AskAsync("are you back?", 4)).IsWhole;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
