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
    // One start at a time: the supervisor's own, or that of a swap.
    private readonly SemaphoreSlim _starting = new(1);
    private ModelTarget _target = new(options.Model, options.ModelSha256);

    /// <summary>Starts a worker with another model beside the one that serves, and moves the traffic when it is ready.</summary>
    /// <returns>Why the one before still serves; null when the new one does.</returns>
    public async Task<string?> SwapAsync(ModelTarget target)
    {
        await _starting.WaitAsync(lifetime.ApplicationStopping);
        watch.SwapBegins();
        var retiring = Task.CompletedTask;
        try
        {
            var (worker, end, failure) = await StartAsync(target);
            if (worker is null)
            {
                failure ??= $"The worker that was to serve it ended ({end.Text()}).";
                Log.NotSwapped(logger, target.Path, failure);
                return failure;
            }

            var before = Serve(worker);
            Log.Swapped(logger, target.Path);
            retiring = before is null ? retiring : workers.RetireAsync(before);
            return null;
        }
        finally
        {
            _ = EndSwapAsync(retiring);
            _starting.Release();
        }
    }

    public override void Dispose()
    {
        _starting.Dispose();
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
                if (await watch.UntilAsync(worker, serving.Moved, stopping) is { } end && serving.TryEnd(worker, end))
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
            await _starting.WaitAsync(stopping);
            try
            {
                if (serving.Worker is { } already)
                {
                    return already;
                }

                var (worker, end, failure) = await StartAsync(_target);
                if (worker is not null)
                {
                    Serve(worker);
                    return worker;
                }

                if (failure is not null && serving.HasNeverServed)
                {
                    // The worker has said why in its one line; another start would not mend the file.
                    Environment.ExitCode = 1;
                    lifetime.StopApplication();
                    return null;
                }

                serving.Failed(end);
            }
            finally
            {
                _starting.Release();
            }
        }
    }

    private async Task<(Worker? Worker, WorkerEnd End, string? Failure)> StartAsync(ModelTarget target)
    {
        var tried = target.Tried();
        if (await TryLaunchAsync(target) is not { } worker)
        {
            return (null, WorkerEnd.Exit, null);
        }

        serving.Starts(worker);
        if (await watch.UntilAsync(worker, worker.Ready, lifetime.ApplicationStopping) is not { } end)
        {
            _target = tried;
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

    private Worker? Serve(Worker worker)
    {
        watch.Follow(worker);
        return serving.Begin(worker);
    }

    private async Task EndAsync(Worker worker, WorkerEnd end)
    {
        if (end == WorkerEnd.Memory)
        {
            // Not beside the next one, as in a swap: two of them would need the memory that is short.
            await workers.RetireAsync(worker);
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
