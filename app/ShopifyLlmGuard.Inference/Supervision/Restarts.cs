using System.Diagnostics.Metrics;
using ShopifyLlmGuard.Inference.Api;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Proxy;

namespace ShopifyLlmGuard.Inference.Supervision;

/// <summary>What is remembered of workers that ended unasked.</summary>
internal sealed partial class Restarts
{
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly long _began;
    private readonly Lock _gate = new();
    private readonly long[] _byEnd = new long[Enum.GetValues<WorkerEnd>().Length];
    private readonly Queue<TimeSpan> _recent = [];
    private readonly Counter<long> _refusals;
    private int _series;
    private int _total;

    public Restarts(IMeterFactory meters, TimeProvider clock, ILogger<Restarts> logger)
    {
        (_clock, _began, _logger) = (clock, clock.GetTimestamp(), logger);
        var meter = meters.Create(InferenceMeter.Name);
        _refusals = meter.CreateCounter<long>("llm.worker.refusals", description: "Requests that no worker was there to take, by cause.");

        // All causes from the beginning: a series that appears with its first event hides that event from rates.
        Array.ForEach((ApiError[])[ApiError.Loading, FrontErrors.Restarting, ApiError.Stopping], error => Refused(error.Code, 0));
        meter.CreateObservableCounter(
            "llm.worker.restarts",
            () => Enum.GetValues<WorkerEnd>().Select(end => new Measurement<long>(
                Volatile.Read(ref _byEnd[(int)end]), new KeyValuePair<string, object?>("cause", end.Text()))),
            description: "Workers that ended unasked, by how.");
    }

    public int Total => Volatile.Read(ref _total);

    /// <summary>How the last one ended; null while none has.</summary>
    public WorkerEnd? Last { get; private set; }

    /// <summary>How many ended in the last ten minutes.</summary>
    public int Recent
    {
        get
        {
            lock (_gate)
            {
                Forget();
                return _recent.Count;
            }
        }
    }

    public bool IsUnstable
    {
        get
        {
            lock (_gate)
            {
                return RestartPolicy.IsUnstable(_recent, Now);
            }
        }
    }

    private TimeSpan Now => _clock.GetElapsedTime(_began);

    /// <summary>A request found no worker.</summary>
    /// <param name="code">What it was told, as in the answer.</param>
    /// <param name="count">How many.</param>
    public void Refused(string code, int count = 1) => _refusals.Add(count, new KeyValuePair<string, object?>("cause", code.Replace('_', '-')));

    /// <returns>How long to wait before the next start.</returns>
    public TimeSpan Record(WorkerEnd end, TimeSpan wasReadyFor)
    {
        Interlocked.Increment(ref _byEnd[(int)end]);
        lock (_gate)
        {
            Forget();
            var wasUnstable = RestartPolicy.IsUnstable(_recent, Now);
            _recent.Enqueue(Now);
            _series = wasReadyFor >= RestartPolicy.Healthy ? 1 : _series + 1;
            _total++;
            Last = end;
            var isUnstable = RestartPolicy.IsUnstable(_recent, Now);
            var delay = RestartPolicy.Delay(_series, isUnstable, Random.Shared.NextDouble());
            Log.Ended(_logger, end.Text(), delay.TotalSeconds);
            if (isUnstable && !wasUnstable)
            {
                Log.Unstable(_logger, _recent.Count);
            }

            return delay;
        }
    }

    private void Forget()
    {
        while (_recent.TryPeek(out var first) && Now - first > RestartPolicy.Window)
        {
            _recent.Dequeue();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The worker ended ({Cause}); the next one starts in {Seconds:0.0} s.")]
        public static partial void Ended(ILogger logger, string cause, double seconds);

        [LoggerMessage(2, LogLevel.Critical, "Unstable: {Count} workers ended within ten minutes. The next ones start slowly.")]
        public static partial void Unstable(ILogger logger, int count);
    }
}
