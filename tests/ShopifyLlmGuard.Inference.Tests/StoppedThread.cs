using System.Runtime.InteropServices;

namespace ShopifyLlmGuard.Inference.Tests;

/// <summary>Stops one thread of a descendant process, as a debugger does: the rest of it goes on. Lasts until that process ends.</summary>
internal static partial class StoppedThread
{
    private const long Seize = 0x4206, Interrupt = 0x4207;
    private const int EveryKind = 0x40000000;

    /// <summary>Returns when the thread stands still.</summary>
    public static Task StopAsync(int process, string name)
    {
        var thread = Directory.GetDirectories($"/proc/{process}/task")
            .Single(task => File.ReadAllText(Path.Combine(task, "comm")).Trim() == name);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // The one who stops it must be one thread, must stay, and must hear of its end.
        new Thread(() => Hold(int.Parse(Path.GetFileName(thread)), stopped)) { IsBackground = true }.Start();
        return stopped.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    private static void Hold(int thread, TaskCompletionSource stopped)
    {
        if (ptrace(Seize, thread, 0, 0) != 0 || ptrace(Interrupt, thread, 0, 0) != 0)
        {
            stopped.SetException(new InvalidOperationException($"ptrace: {Marshal.GetLastPInvokeErrorMessage()}"));
            return;
        }

        while (waitpid(thread, out var status, EveryKind) == thread && (status & 0xFF) == 0x7F)
        {
            stopped.TrySetResult();
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial long ptrace(long request, int thread, nint address, nint data);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int thread, out int status, int options);
}
