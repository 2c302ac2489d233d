using System.Runtime.InteropServices;

namespace ShopifyLlmGuard.Inference.Tests;

/// <summary>
/// A process of somebody else's that SIGKILL does not end, as when a driver holds it in the kernel; or that ends, and nobody may learn of it. A
/// debugger can bring about both: the thread that traces it does nothing until this is disposed of.
/// </summary>
internal sealed partial class UndeadProcess : IDisposable
{
    private const long Seize = 0x4206;
    private const int StopsAtExit = 0x40;
    private readonly ManualResetEventSlim _released = new();
    private readonly int _process;
    private readonly Thread _tracer;

    private UndeadProcess(int process, nint options, TaskCompletionSource held)
    {
        _process = process;
        _tracer = new Thread(() =>
        {
            if (ptrace(Seize, process, 0, options) != 0)
            {
                held.SetException(new InvalidOperationException($"ptrace: {Marshal.GetLastPInvokeErrorMessage()}"));
                return;
            }

            held.SetResult();
            _released.Wait();
        }) { IsBackground = true };
        _tracer.Start();
    }

    /// <summary>As the kernel shows it: <c>t</c> when it stands before its end with all that it has, <c>Z</c> when it waits to be read.</summary>
    public char State => File.ReadAllText($"/proc/{_process}/stat").Split(") ")[^1][0];

    /// <param name="process">From now on this one cannot end, or cannot be read.</param>
    /// <param name="keepsAll">It keeps its memory and its sockets; else it is a process without any, which its parent is not told of.</param>
    public static async Task<UndeadProcess> HoldAsync(int process, bool keepsAll)
    {
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var undead = new UndeadProcess(process, keepsAll ? StopsAtExit : 0, held);
        await held.Task.WaitAsync(TimeSpan.FromSeconds(10));
        return undead;
    }

    // With the thread that traces it the trace ends.
    public void Dispose()
    {
        _released.Set();
        _tracer.Join();
        _released.Dispose();
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial long ptrace(long request, int process, nint address, nint data);
}
