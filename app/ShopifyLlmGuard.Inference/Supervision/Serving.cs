namespace ShopifyLlmGuard.Inference.Supervision;

/// <summary>Which worker serves now, and when there will be one when none does.</summary>
internal sealed class Serving(Restarts restarts, TimeProvider clock)
{
    // Until a load has been measured here.
    private static readonly TimeSpan UsualLoad = TimeSpan.FromSeconds(3);

    private readonly long _began = clock.GetTimestamp();
    private readonly Lock _gate = new();
    private volatile Worker? _worker;
    private volatile Worker? _starting;
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TimeSpan _load = UsualLoad;
    private TimeSpan _notBefore;
    private TimeSpan _drainedBy;

    /// <summary>Null while none is ready.</summary>
    public Worker? Worker => _worker;

    public bool HasNeverServed { get; private set; } = true;

    /// <summary>Completes when another worker begins to serve.</summary>
    public Task Moved
    {
        get
        {
            lock (_gate)
            {
                return _moved.Task;
            }
        }
    }

    /// <summary>When it is worth to ask again; at least a second, because HTTP counts in seconds.</summary>
    public TimeSpan RetryAfter
    {
        get
        {
            lock (_gate)
            {
                var pause = (_notBefore > _drainedBy ? _notBefore : _drainedBy) - Now;
                var load = pause > TimeSpan.Zero ? pause + _load : _load - (_starting?.LoadTime ?? default);
                return TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(load.TotalSeconds)));
            }
        }
    }

    private TimeSpan Now => clock.GetElapsedTime(_began);

    public void Starts(Worker worker) => _starting = worker;

    /// <summary>Moves the traffic; returns the worker that had it.</summary>
    public Worker? Begin(Worker worker)
    {
        lock (_gate)
        {
            return Move(worker);
        }
    }

    /// <summary>The same, unless another one serves already.</summary>
    public bool TryBegin(Worker worker)
    {
        lock (_gate)
        {
            if (_worker is not null)
            {
                return false;
            }

            Move(worker);
            return true;
        }
    }

    /// <summary>It serves no more; false when it has been replaced already.</summary>
    /// <param name="worker">That one.</param>
    /// <param name="end">How it ends.</param>
    /// <param name="drain">How long its answers may go on before the next one starts.</param>
    public bool TryEnd(Worker worker, WorkerEnd end, TimeSpan drain)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(_worker, worker))
            {
                return false;
            }

            _worker = null;
            _notBefore = Now + restarts.Record(end, worker.ReadyFor);
            _drainedBy = Now + drain;
            return true;
        }
    }

    /// <summary>Its answers have ended.</summary>
    public void Drained()
    {
        lock (_gate)
        {
            _drainedBy = default;
        }
    }

    /// <summary>One did not even begin to serve.</summary>
    public void Failed(WorkerEnd end)
    {
        lock (_gate)
        {
            _notBefore = Now + restarts.Record(end, wasReadyFor: default);
        }
    }

    /// <summary>Completes when the pause is over, or when somebody else has brought a worker.</summary>
    public async Task WaitForTurnAsync(CancellationToken cancellationToken)
    {
        var pause = _notBefore - Now;
        if (_worker is null && pause > TimeSpan.Zero)
        {
            await Task.WhenAny(Moved, Task.Delay(pause, clock, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private Worker? Move(Worker worker)
    {
        var before = _worker;
        (_worker, _starting, HasNeverServed, _load) = (worker, null, false, worker.LoadTime);
        _moved.SetResult();
        _moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return before;
    }
}
