using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Xunit.Abstractions;

namespace ShopifyLlmGuard.Inference.Tests.Soak;

/// <summary>
/// The supervised host at twice its capacity, with everything that callers do: for <c>SOAK_MINUTES</c> (1; <c>./test</c> says 10).
/// With <c>SOAK_LOG</c> it says there every minute how it goes.
/// </summary>
[Trait("Category", "Soak")]
public sealed class SoakTests(ITestOutputHelper output)
{
    private const int Parallel = 4, Queue = 4, Context = 4096;

    // What a process may grow by between the second quarter of the time and the last one.
    private const double MostGrowthMegabytes = 48;

    private static readonly TimeSpan Length = TimeSpan.FromMinutes(
        double.Parse(Environment.GetEnvironmentVariable("SOAK_MINUTES") ?? "1", CultureInfo.InvariantCulture));

    private static readonly string? LogPath = Environment.GetEnvironmentVariable("SOAK_LOG");

    [Fact]
    public async Task Twice_as_much_as_it_can_do_hurts_nobody_who_was_let_in()
    {
        await using var host = await HostProcess.ReadyAsync(
            Models.Echo, "--supervise", "--Inference:Threads", "1", "--Inference:Parallel", $"{Parallel}", "--Inference:QueueLength", $"{Queue}",
            // It runs beside other tests and behind them: a minute without a processor is not a fault of the host's.
            "--Inference:Context", $"{Context}", "--Inference:WedgedAfter", "00:01:00", "--Logging:LogLevel:Default", "Warning", "--Logging:LogLevel:Microsoft.Hosting.Lifetime", "Information");
        var worker = await host.WorkerAsync();
        var crowd = new SoakCrowd(host, Parallel + Queue, seed: 1);
        Memory[] memory = [new("front", host.Id), new("worker", worker)];
        Say($"soak: {Length.TotalMinutes} minutes at twice the capacity begin");
        await SoakAsync(crowd, memory);
        await crowd.EndAsync(limit: TimeSpan.FromSeconds(90));
        Say($"soak: over; {crowd}; {string.Join("; ", memory.Select(each => each.ToString()))}");

        Assert.Equal(0, crowd.InFlight);
        Assert.Empty(crowd.Wrong);
        Assert.All(["answered", "refused", "left"], outcome => Assert.True(crowd.Outcomes.ContainsKey(outcome), outcome));
        Assert.Equal((worker, 0), (await host.WorkerAsync(), await host.RestartsAsync()));
        await AssertNoCellIsLostAsync(host);
        Assert.All(memory, each => Assert.True(each.Growth < MostGrowthMegabytes, each.ToString()));
    }

    private async Task SoakAsync(SoakCrowd crowd, Memory[] memory)
    {
        var began = Stopwatch.GetTimestamp();
        var minutes = 0;
        using var seconds = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (Stopwatch.GetElapsedTime(began) is var elapsed && elapsed < Length && crowd.Wrong.Count == 0 && await seconds.WaitForNextTickAsync())
        {
            crowd.Rouse();
            Array.ForEach(memory, each => each.Look());
            if ((int)elapsed.TotalMinutes > minutes)
            {
                minutes++;
                Say($"soak: {minutes} of {Length.TotalMinutes} minutes; {crowd}; {string.Join("; ", memory.Select(each => each.ToString()))}");
            }
        }
    }

    // Nothing is set aside any more, and whoever is new gets a whole context, which kept prefixes have to make room for.
    private static async Task AssertNoCellIsLostAsync(HostProcess host)
    {
        await host.UntilAsync(health => health?.GetProperty("running").GetInt32() == 0 && health?.GetProperty("queued").GetInt32() == 0);
        Assert.Equal("0", await host.MetricAsync("^llm_kv_cache_usage"));
        var cells = int.Parse(await host.MetricAsync("^llm_kv_cells"), CultureInfo.InvariantCulture);
        Assert.InRange(int.Parse(await host.MetricAsync("^llm_kv_kept_cells"), CultureInfo.InvariantCulture), 0, cells);
        foreach (var letter in "jq")
        {
            var whole = new { messages = new[] { new { role = "user", content = new string(letter, 3000) } }, max_tokens = 1000, temperature = 0 };
            using var answer = await host.AskAsync(whole);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            var usage = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync()).GetProperty("usage");
            Assert.Equal(1000, usage.GetProperty("completion_tokens").GetInt32());
        }

        await host.UntilAsync(health => health?.GetProperty("running").GetInt32() == 0);
        Assert.Equal("0", await host.MetricAsync("^llm_kv_cache_usage"));
    }

    private void Say(string line)
    {
        output.WriteLine(line);
        if (LogPath is not null)
        {
            File.AppendAllText(LogPath, line + "\n");
        }
    }

    /// <summary>What a process holds, second by second.</summary>
    private sealed class Memory(string name, int process)
    {
        private readonly List<double> _megabytes = [];

        /// <summary>From the median of the second quarter to that of the last.</summary>
        public double Growth => _megabytes.Count < 8 ? 0 : Median(^(_megabytes.Count / 4)..) - Median((_megabytes.Count / 4)..(_megabytes.Count / 2));

        public void Look()
        {
            using var found = Process.GetProcessById(process);
            _megabytes.Add(found.WorkingSet64 / 1e6);
        }

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{name} {_megabytes.LastOrDefault():0} MB, grown by {Growth:0.0}");

        private double Median(Range part)
        {
            var sorted = _megabytes[part].Order().ToArray();
            return sorted[sorted.Length / 2];
        }
    }
}
