using System.ComponentModel;
using System.Net.Sockets;
using ShopifyLlmGuard.Inference.Engine;

namespace ShopifyLlmGuard.Inference.Supervision;

/// <summary>Keeps one worker alive: starts it, ends it when it is stuck, starts the next one, swaps models.</summary>
internal sealed partial class Supervisor(
    Workers workers,
    WorkerWatch watch,
    Serving serving,
    InferenceOptions options,
    IHostApplicationLifetime lifetime,
    ILogger<Supervisor> logger) : BackgroundService
{
    // One swap at a time. A restart does not wait for it: a new model may load for minutes, and shoppers would wait with it.
    private readonly SemaphoreSlim _swapping = new(1);
    private ModelTarget _target = new(options.Model, options.ModelSha256);

    /// <summary>Starts a worker with another model beside the one that serves, and moves the traffic when it is ready.</summary>
    /// <returns>Why the one before still serves; null when the new one does.</returns>
    public async Task<string?> SwapAsync(ModelTarget target)
    {
        await _swapping.WaitAsync(lifetime.ApplicationStopping);
        watch.SwapBegins();
        var retiring = Task.CompletedTask;
        try
        {
            var tried = target.Tried();
            var (worker, end, failure) = await StartAsync(target);
            if (worker is null)
            {
                failure ??= $"The worker that was to serve it ended ({end.Text()}).";
                Log.NotSwapped(logger, target.Path, failure);
                return failure;
            }

            _target = tried;
            watch.Follow(worker);
            var before = serving.Begin(worker);
            Log.Swapped(logger, target.Path);
            retiring = before is null ? retiring : workers.RetireAsync(before);
            return null;
        }
        finally
        {
            _ = EndSwapAsync(retiring);
            _swapping.Release();
        }
    }

    public override void Dispose()
    {
        _swapping.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var stopping = lifetime.ApplicationStopping;
        // Answers end when the front is told to stop: its server waits for them before anything else ends.
        await using var atOnce = stopping.Register(workers.Stop);
        try
        {
            while (await RaiseAsync(stopping) is { } worker)
            {
                if (await watch.UntilAsync(worker, serving.Moved, stopping) is { } end && serving.TryEnd(worker, end, DrainOf(worker, end)))
                {
                    await EndAsync(worker, end);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Asked to stop.
        }
        catch (Exception error)
        {
            // A bug: whoever started the front sees its end and why, instead of a front without workers.
            Log.Failed(logger, error);
            Environment.ExitCode = 1;
            lifetime.StopApplication();
        }
        finally
        {
            await workers.BuryAllAsync();
        }
    }

    /// <returns>The worker that serves, as soon as there is one; null when there will never be one.</returns>
    private async Task<Worker?> RaiseAsync(CancellationToken stopping)
    {
        while (true)
        {
            await serving.WaitForTurnAsync(stopping);
            if (serving.Worker is { } already)
            {
                return already;
            }

            var (target, tried) = (_target, _target.Tried());
            var (worker, end, failure) = await StartAsync(target);
            if (worker is not null)
            {
                Interlocked.CompareExchange(ref _target, tried, target);
                await ServeAsync(worker);
            }
            else if (failure is not null && serving.HasNeverServed)
            {
                // The worker has said why in its one line; another start would not mend the file.
                Environment.ExitCode = 1;
                lifetime.StopApplication();
                return null;
            }
            else
            {
                serving.Failed(end);
            }
        }
    }

    private async Task ServeAsync(Worker worker)
    {
        if (serving.TryBegin(worker))
        {
            watch.Follow(worker);
        }
        else
        {
            // A swap was faster; nobody is in this one.
            await workers.BuryAsync(worker);
        }
    }

    private async Task<(Worker? Worker, WorkerEnd End, string? Failure)> StartAsync(ModelTarget target)
    {
        if (await TryLaunchAsync(target) is not { } worker)
        {
            return (null, WorkerEnd.Exit, null);
        }

        serving.Starts(worker);
        if (await watch.UntilAsync(worker, worker.Ready, lifetime.ApplicationStopping) is not { } end)
        {
            return (worker, default, null);
        }

        worker.Kill();
        var failure = await worker.FailureAsync();
        await workers.BuryAsync(worker);
        return (null, end, failure);
    }

    private async Task<Worker?> TryLaunchAsync(ModelTarget target)
    {
        try
        {
            return await workers.StartAsync(target);
        }
        catch (Exception error) when (error is Win32Exception or SocketException or IOException or UnauthorizedAccessException)
        {
            // No process, no memory or no disk to be had: that may pass, and the front stays.
            Log.NotStarted(logger, error.Message);
            return null;
        }
    }

    private async Task EndSwapAsync(Task retiring)
    {
        await retiring.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        watch.SwapEnds();
    }

    private TimeSpan DrainOf(Worker worker, WorkerEnd end) => end == WorkerEnd.Memory && worker.IsInUse ? options.DrainWithin : default;

    private async Task EndAsync(Worker worker, WorkerEnd end)
    {
        if (end == WorkerEnd.Memory)
        {
            // Not beside the next one, as in a swap: two of them would need the memory that is short.
            await workers.RetireAsync(worker);
            serving.Drained();
            return;
        }

        worker.Kill();
        await workers.BuryAsync(worker);
    }

    private static partial class Log
    {
        [LoggerMessage(4, LogLevel.Critical, "The front cannot go on and ends.")]
        public static partial void Failed(ILogger logger, Exception error);

        [LoggerMessage(3, LogLevel.Error, "A worker cannot be started: {Reason}")]
        public static partial void NotStarted(ILogger logger, string reason);

        [LoggerMessage(1, LogLevel.Information, "Serves {Path} now; the worker before it ends when its answers have.")]
        public static partial void Swapped(ILogger logger, string path);

        [LoggerMessage(2, LogLevel.Error, "Does not serve {Path} and goes on with the model before it: {Reason}")]
        public static partial void NotSwapped(ILogger logger, string path, string reason);
    }
}
