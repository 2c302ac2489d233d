using System.Collections.Concurrent;
using System.Diagnostics;

namespace ShopifyLlmGuard.Inference.Supervision;

/// <summary>
/// Starts processes on one thread that lives as long as this process: the kernel's parent-death signal follows the
/// thread that started the child, and a thread of the pool may end at any time.
/// </summary>
internal sealed class ProcessStarter : IDisposable
{
    private readonly BlockingCollection<Action> _wanted = [];

    public ProcessStarter() => new Thread(Work) { Name = "starter", IsBackground = true }.Start();

    public Task<Process> StartAsync(ProcessStartInfo start)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        _wanted.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(start)!);
            }
            catch (Exception error)
            {
                started.SetException(error);
            }
        });
        return started.Task;
    }

    public void Dispose() => _wanted.CompleteAdding();

    private void Work()
    {
        foreach (var start in _wanted.GetConsumingEnumerable())
        {
            start();
        }
    }
}
