using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Memory;

namespace ShopifyLlmGuard.Inference.Tests.Supervision;

/// <summary>Soft limit sheds, hard limit recycles, a slope is an alarm.</summary>
public sealed class MemoryPolicyTests
{
    private static readonly MemoryLimits Limits = new(0.92, 0.97);

    [Theory]
    // used percent, ours, before, seconds since the last recycle
    [InlineData(50, true, "Ok", null, "Ok")]
    [InlineData(91, true, "Ok", null, "Ok")]
    [InlineData(91, true, "Shed", null, "Shed")]
    [InlineData(89, true, "Shed", null, "Ok")]
    [InlineData(92, true, "Ok", null, "Shed")]
    [InlineData(97, true, "Ok", null, "Recycle")]
    [InlineData(97, false, "Ok", null, "Shed")]
    [InlineData(99, true, "Shed", 30, "Shed")]
    [InlineData(99, true, "Shed", 600, "Recycle")]
    public void The_fullest_memory_decides(int percent, bool isOurs, string before, int? sinceRecycle, string expected)
    {
        var sample = new MemorySample(TimeSpan.Zero, [new("machine", 10, 100, false), new("gpu-0", percent, 100, isOurs)]);

        var verdict = MemoryPolicy.Decide(
            [sample], Limits, Enum.Parse<MemoryState>(before), sinceRecycle is { } seconds ? TimeSpan.FromSeconds(seconds) : null);

        Assert.Equal(expected, verdict.State.ToString());
        Assert.Equal(expected == "Ok" ? null : "gpu-0", verdict.What);
        Assert.Null(verdict.Growing);
    }

    [Theory]
    // Used and baseline in percent: what a loaded model takes for good is no pressure, what comes on top of it is.
    [InlineData(95, 95, "Ok", "Ok")]
    [InlineData(97, 95, "Ok", "Ok")]
    [InlineData(98, 95, "Ok", "Shed")]
    [InlineData(97, 95, "Shed", "Shed")]
    [InlineData(96.5, 95, "Shed", "Ok")]
    [InlineData(99.2, 95, "Ok", "Recycle")]
    [InlineData(92, 50, "Ok", "Shed")]
    [InlineData(97, 50, "Ok", "Recycle")]
    [InlineData(130, 120, "Ok", "Recycle")]
    public void The_limits_divide_what_the_model_leaves(double percent, int baseline, string before, string expected)
    {
        var sample = new MemorySample(TimeSpan.Zero, [new("gpu-0", (long)(percent * 1000), 100_000, true) { Baseline = baseline * 1000 }]);

        Assert.Equal(expected, MemoryPolicy.Decide([sample], Limits, Enum.Parse<MemoryState>(before), null).State.ToString());
    }

    [Theory]
    [InlineData(50, false, "Recycle")]
    [InlineData(50, true, "Ok")]
    [InlineData(93, true, "Shed")]
    [InlineData(98, true, "Recycle")]
    public void Two_models_at_once_are_no_shortage_but_a_worker_too_large_is(int ofWorker, bool isSwapping, string expected)
    {
        var sample = new MemorySample(
            TimeSpan.Zero, [new("worker", ofWorker, 100, true), new("container", 99, 100, true), new("machine", 99, 100, false), new("gpu-0", 99, 100, true)]);

        Assert.Equal(expected, MemoryPolicy.Decide([sample], Limits, MemoryState.Ok, null, isSwapping).State.ToString());
    }

    [Fact]
    public void No_readings_are_no_news()
    {
        Assert.Equal(MemoryVerdict.Fine, MemoryPolicy.Decide([], Limits, MemoryState.Shed, null));
        Assert.Equal(MemoryVerdict.Fine, MemoryPolicy.Decide([new(TimeSpan.Zero, [])], Limits, MemoryState.Shed, null));
    }

    [Theory]
    // start and end in percent, how far it jumps about, seconds
    [InlineData(40, 50, 0, 600, true)]
    [InlineData(40, 50, 1, 600, true)]
    [InlineData(40, 50, 0, 200, false)]
    [InlineData(40, 40, 0, 600, false)]
    [InlineData(40, 40, 5, 600, false)]
    [InlineData(50, 40, 0, 600, false)]
    [InlineData(40, 41.5, 0, 600, false)]
    [InlineData(40, 41.5, 4, 600, false)]
    [InlineData(90, 92, 0, 600, true)]
    public void Steady_growth_that_will_fill_it_soon_is_an_alarm(double from, double to, double jitter, int seconds, bool expected)
    {
        var random = new Random(3);
        MemorySample[] samples = [.. Enumerable.Range(0, seconds + 1).Select(second => new MemorySample(
            TimeSpan.FromSeconds(second),
            [new("worker", (long)(1e7 * (from + (to - from) * second / seconds + jitter * (random.NextDouble() - 0.5))), 1_000_000_000, true)]))];

        Assert.Equal(expected ? "worker" : null, MemoryPolicy.Decide(samples, Limits, MemoryState.Ok, null).Growing);
    }

    [Fact]
    public void The_machine_is_read_as_Linux_tells_it()
    {
        var root = Root(
            ("proc/meminfo", "MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:    400 kB\n"),
            ("proc/7/status", "Name:\tdotnet\nVmRSS:\t     990 kB\nRssAnon:\t 200 kB\nRssFile:\t 740 kB\nRssShmem:\t 50 kB\n"),
            ("proc/self/cgroup", "0::/\n"));

        Assert.Equal(
            [new MemoryReading("worker", 256_000, 1_024_000, true), new MemoryReading("machine", 614_400, 1_024_000, false)],
            new HostMemory(root).Read(7, 0));
        Assert.Equal(512_000, new HostMemory(root).Read(7, 512_000)[0].Limit);
        Assert.Empty(new HostMemory("/nowhere/at/all").Read(7, 0));
    }

    [Theory]
    [InlineData("0::/app.slice\n", "sys/fs/cgroup/app.slice", "memory.current", "memory.max", "")]
    [InlineData("0::/\n", "sys/fs/cgroup", "memory.current", "memory.max", "")]
    [InlineData("9:cpu:/x\n4:memory:/docker/abc\n0::/\n", "sys/fs/cgroup/memory", "memory.usage_in_bytes", "memory.limit_in_bytes", "total_")]
    public void A_container_has_its_own_limit(string group, string folder, string used, string limit, string total)
    {
        var root = Root(
            ("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 400 kB\n"), ("proc/self/cgroup", group),
            ($"{folder}/{used}", "300000\n"), ($"{folder}/{limit}", "500000\n"), ($"{folder}/memory.stat", $"cache 9\n{total}inactive_file 60000\n{total}active_file 40000\n"));

        Assert.Contains(new MemoryReading("container", 200_000, 500_000, true), new HostMemory(root).Read(null, 0));
    }

    [Theory]
    [InlineData("max\n")]
    [InlineData("9223372036854771712\n")]
    public void A_container_without_a_limit_is_none(string limit)
    {
        var root = Root(
            ("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 400 kB\n"), ("proc/self/cgroup", "0::/\n"),
            ("sys/fs/cgroup/memory.current", "300000\n"), ("sys/fs/cgroup/memory.max", limit));

        Assert.DoesNotContain(new HostMemory(root).Read(null, 0), reading => reading.What == "container");
    }

    [Fact]
    public void This_machine_can_be_read()
    {
        var readings = new HostMemory().Read(Environment.ProcessId, 0);

        Assert.All(readings, reading => Assert.InRange(reading.Share, 0.0001, 1));
        Assert.Contains(readings, reading => reading.What == "worker");
        Assert.Contains(readings, reading => reading.What == "machine");
        // Without NVIDIA's library there is nothing to read, and that is no error.
        Assert.All(Gpu.Read(), reading => Assert.InRange(reading.Share, 0, 1));
    }

    [Fact]
    public async Task A_host_of_its_own_sheds_too()
    {
        await using var host = await HostProcess.ReadyAsync(Models.Endless, "--Inference:MemoryLimitMb", "10");
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await host.MetricAsync("^llm_memory_shedding") != "1")
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
        }

        Assert.Equal("memory_pressure", await host.AskAsync(EndlessHost.ShortQuestion()).CodeAsync(HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task A_slope_rings_once_in_the_log_and_stays_on_a_metric()
    {
        var (clock, logger, seen) = (new FakeTimeProvider(), new Alarms(), new ConcurrentDictionary<string, long>());
        using var meters = new Meters();
        using var listener = new MeterListener { InstrumentPublished = (instrument, self) => self.EnableMeasurementEvents(instrument) };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => seen[$"{instrument.Name} {tags.ToArray().FirstOrDefault().Value}"] = value);
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => seen[instrument.Name] = value);
        listener.Start();
        var root = Root(("proc/meminfo", "MemTotal: 1000000 kB\nMemAvailable: 900000 kB\n"));
        var (options, _) = InferenceOptions.Read(new ConfigurationBuilder().AddInMemoryCollection([new("model", "m")]).Build(), root);
        using var watch = new MemoryWatch(options, meters, clock, logger, new HostMemory(root));
        watch.Follow(7);
        await watch.StartAsync(CancellationToken.None);
        Assert.True(SpinWait.SpinUntil(() => IsSeen("machine", 100_000, TimeSpan.FromSeconds(1)), TimeSpan.FromSeconds(20)), "It does not begin.");
        for (var second = 0; second <= 420; second += 10)
        {
            // Half a per cent of the machine each ten seconds.
            Write(root, ("proc/7/status", $"RssAnon:\t {100_000 + 500 * second} kB\n"));
            clock.Advance(TimeSpan.FromSeconds(10));
            Assert.True(SpinWait.SpinUntil(() => IsSeen("worker", 100_000 + 500 * second, default), TimeSpan.FromSeconds(20)), $"{second} s are not seen.");
        }

        Assert.True(SpinWait.SpinUntil(() => watch.Verdict.Growing == "worker", TimeSpan.FromSeconds(20)));
        listener.RecordObservableInstruments();
        Assert.Equal(1, seen["llm.memory.growing"]);
        Assert.Equal("Memory grows steadily and will be full within an hour: worker.", Assert.Single(logger.Errors));
        await watch.StopAsync(CancellationToken.None);

        bool IsSeen(string of, long kilobytes, TimeSpan passing)
        {
            clock.Advance(passing);
            listener.RecordObservableInstruments();
            return seen.GetValueOrDefault($"llm.memory.used {of}") == kilobytes * 1024;
        }
    }

    private static string Root(params (string Path, string Text)[] files)
    {
        var root = Path.GetDirectoryName(Models.NewPath())!;
        Write(root, files);
        return root;
    }

    private static void Write(string root, params (string Path, string Text)[] files)
    {
        foreach (var (path, text) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(root, path))!);
            // At once, as in /proc: it may be read at any moment.
            File.WriteAllText(Path.Combine(root, "new"), text);
            File.Move(Path.Combine(root, "new"), Path.Combine(root, path), overwrite: true);
        }
    }

    private sealed class Alarms : ILogger<MemoryWatch>
    {
        public ConcurrentQueue<string> Errors { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                Errors.Enqueue(formatter(state, exception));
            }
        }
    }
}
