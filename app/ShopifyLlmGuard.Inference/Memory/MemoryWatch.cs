using System.Diagnostics.Metrics;
using ShopifyLlmGuard.Inference.Engine;

namespace ShopifyLlmGuard.Inference.Memory;

/// <summary>Reads memory once a second, beside whatever computes: in the front when there is one, else in the host itself.</summary>
internal sealed partial class MemoryWatch : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly HostMemory _host;
    private readonly Counter<long> _refusals;
    private readonly Queue<MemorySample> _samples = [];
    private readonly Dictionary<string, long> _least = [];
    private readonly MemoryLimits _limits;
    private readonly long _processLimit;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly long _began;
    private volatile MemoryVerdict _verdict = MemoryVerdict.Fine;
    private volatile MemorySample? _last;
    private int _process = Environment.ProcessId;
    private int _read = Environment.ProcessId;
    private long _recycledAt;
    private long _shortSince;
    private int _swaps;
    private bool _fails;

    public MemoryWatch(InferenceOptions options, IMeterFactory meters, TimeProvider clock, ILogger<MemoryWatch> logger, HostMemory? host = null)
    {
        _host = host ?? new HostMemory();
        _limits = new MemoryLimits(options.MemorySoftPercent / 100.0, options.MemoryHardPercent / 100.0);
        _processLimit = options.MemoryLimitMb * (1L << 20);
        (_clock, _logger, _began) = (clock, logger, clock.GetTimestamp());
        var meter = meters.Create(InferenceMeter.Name);
        meter.CreateObservableGauge("llm.memory.used", () => Each(reading => reading.Used), "By", "Memory in use, by whose it is.");
        meter.CreateObservableGauge("llm.memory.limit", () => Each(reading => reading.Limit), "By", "Memory that there is.");
        meter.CreateObservableGauge(
            "llm.memory.shedding", () => _verdict.State == MemoryState.Ok ? 0 : 1, description: "1 while nothing new is accepted.");
        _refusals = meter.CreateCounter<long>("llm.memory.refusals", description: "Requests that were not taken because memory was short.");
        _refusals.Add(0);
        meter.CreateObservableGauge(
            "llm.memory.growing", () => _verdict.Growing is null ? 0 : 1, description: "1 while some memory will be full within an hour.");
    }

    public MemoryVerdict Verdict => _verdict;

    /// <summary>Nobody knows when memory comes back; what has lasted long mostly lasts as long again. A second to a minute.</summary>
    public TimeSpan RetryAfter => TimeSpan.FromSeconds(Math.Clamp(
        Math.Ceiling(Volatile.Read(ref _shortSince) is not 0 and var since ? _clock.GetElapsedTime(since).TotalSeconds : 0), 1, 60));

    /// <summary>A request was not taken.</summary>
    public void Refused() => _refusals.Add(1);

    /// <summary>From now on this process's memory counts as the worker's.</summary>
    public void Follow(int process) => Volatile.Write(ref _process, process);

    /// <summary>From now on there are two models, until <see cref="SwapEnds"/>.</summary>
    public void SwapBegins() => Interlocked.Increment(ref _swaps);

    public void SwapEnds() => Interlocked.Decrement(ref _swaps);

    /// <summary>True once when that process is to be replaced.</summary>
    public bool TryRecycle(int process)
    {
        if (_verdict.State != MemoryState.Recycle || Volatile.Read(ref _read) != process)
        {
            return false;
        }

        Volatile.Write(ref _recycledAt, _clock.GetTimestamp());
        return true;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, _clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                TrySample();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    private void TrySample()
    {
        try
        {
            Sample();
            _fails = false;
        }
        catch (Exception error)
        {
            // No reading is no news, and no reason to end what serves.
            if (!_fails)
            {
                Log.Unread(_logger, error);
            }

            _fails = true;
        }
    }

    private void Sample()
    {
        // Before the readings: what is read after the end of a swap is without the model that went.
        var isSwapping = Volatile.Read(ref _swaps) > 0;
        var process = Volatile.Read(ref _process);
        if (process != _read)
        {
            // Another process's past says nothing about this one.
            _samples.Clear();
            _least.Clear();
        }

        var now = _clock.GetElapsedTime(_began);
        _samples.Enqueue(_last = new MemorySample(now, [.. _host.Read(process, _processLimit).Concat(Gpu.Read()).Select(WithBaseline)]));
        while (now - _samples.Peek().At > _limits.Window)
        {
            _samples.Dequeue();
        }

        TimeSpan? sinceRecycle = _recycledAt == 0 ? null : _clock.GetElapsedTime(_recycledAt);
        var next = MemoryPolicy.Decide([.. _samples], _limits, _verdict.State, sinceRecycle, isSwapping);
        if (next.State == MemoryState.Ok)
        {
            Volatile.Write(ref _shortSince, 0);
        }
        else if (_verdict.State == MemoryState.Ok)
        {
            Volatile.Write(ref _shortSince, _clock.GetTimestamp());
        }

        Tell(_verdict, next);
        Volatile.Write(ref _read, process);
        _verdict = next;
    }

    private MemoryReading WithBaseline(MemoryReading reading)
    {
        var least = Math.Min(reading.Used, _least.GetValueOrDefault(reading.What, long.MaxValue));
        _least[reading.What] = least;
        return reading with { Baseline = least };
    }

    private void Tell(MemoryVerdict before, MemoryVerdict next)
    {
        if (before.State != next.State)
        {
            Log.Changed(_logger, next.State, next.What ?? "none");
        }

        if (next.Growing is { } what && before.Growing is null)
        {
            Log.Growing(_logger, what);
        }
    }

    private IEnumerable<Measurement<long>> Each(Func<MemoryReading, long> value) => (_last?.Readings ?? [])
        .Select(reading => new Measurement<long>(value(reading), new KeyValuePair<string, object?>("of", reading.What)));

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Memory is {State} (because of: {What}).")]
        public static partial void Changed(ILogger logger, MemoryState state, string what);

        [LoggerMessage(2, LogLevel.Error, "Memory grows steadily and will be full within an hour: {What}.")]
        public static partial void Growing(ILogger logger, string what);

        [LoggerMessage(3, LogLevel.Error, "Memory cannot be read; what was known last holds.")]
        public static partial void Unread(ILogger logger, Exception error);
    }
}
