using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Memory;

namespace ShopifyLlmGuard.Inference.Supervision;

/// <summary>Looks at a worker four times a second.</summary>
internal sealed class WorkerWatch(InferenceOptions options, MemoryWatch memory, TimeProvider clock)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    /// <returns>Why the worker is of no use (any more); null as soon as the other task has completed.</returns>
    public async Task<WorkerEnd?> UntilAsync(Worker worker, Task until, CancellationToken stopping)
    {
        while (true)
        {
            var looked = clock.GetTimestamp();
            await Task.WhenAny(worker.Ended, until, Task.Delay(Look, clock, stopping));
            stopping.ThrowIfCancellationRequested();
            if (worker.Ended.IsCompleted)
            {
                return WorkerEnds.Of(await worker.Ended);
            }

            if (until.IsCompleted)
            {
                return null;
            }

            var sinceLastLook = clock.GetElapsedTime(looked);
            if (Judge(worker, await IsDeafAsync(worker, stopping), sinceLastLook) is { } end)
            {
                // It may have ended during the question.
                return worker.Ended.IsCompleted ? WorkerEnds.Of(await worker.Ended) : end;
            }
        }
    }

    /// <summary>From now on its memory counts.</summary>
    public void Follow(Worker worker) => memory.Follow(worker.Id);

    /// <summary>Two models at once are no reason to shed or to replace one.</summary>
    public void SwapBegins() => memory.SwapBegins();

    public void SwapEnds() => memory.SwapEnds();

    private async Task<bool> IsDeafAsync(Worker worker, CancellationToken stopping)
    {
        if (worker.Broken < WatchPolicy.MostBroken)
        {
            return false;
        }

        var answers = await worker.AnswersAsync(options.WedgedAfter, stopping);
        if (answers)
        {
            worker.Note(isWhole: true);
        }

        return !answers;
    }

    private WorkerEnd? Judge(Worker worker, bool isDeaf, TimeSpan sinceLastLook)
    {
        var isReady = worker.Ready.IsCompleted;
        // The trial and the load itself have the limit each; what comes before them is short.
        if (!isReady && worker.LoadTime > 2 * options.LoadWithin + TimeSpan.FromSeconds(10))
        {
            return WorkerEnd.Slow;
        }

        if (worker.Last is { } last && WatchPolicy.Judge(last, worker.BeatAge, isDeaf, sinceLastLook, options.WedgedAfter) is { } end)
        {
            return end;
        }

        return isReady && memory.TryRecycle(worker.Id) ? WorkerEnd.Memory : null;
    }
}
