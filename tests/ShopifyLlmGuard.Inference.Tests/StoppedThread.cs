using System.Globalization;
using System.Runtime.InteropServices;

namespace ShopifyLlmGuard.Inference.Tests;

/// <summary>Stops one thread of a descendant process inside llama.cpp, as a debugger does: the rest of it goes on. Lasts until that process ends.</summary>
internal static partial class StoppedThread
{
    private const long Seize = 0x4206, Interrupt = 0x4207, Continue = 7;
    private const int EveryKind = 0x40000000;

    /// <summary>Returns when the thread stands still.</summary>
    public static Task StopAsync(int process, string name)
    {
        var thread = Directory.GetDirectories($"/proc/{process}/task")
            .Single(task => File.ReadAllText(Path.Combine(task, "comm")).Trim() == name);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // The one who stops it must be one thread, must stay, and must hear of its end.
        new Thread(() => Hold(process, int.Parse(Path.GetFileName(thread)), stopped)) { IsBackground = true }.Start();
        return stopped.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    private static void Hold(int process, int thread, TaskCompletionSource stopped)
    {
        if (ptrace(Seize, thread, 0, 0) != 0 || ptrace(Interrupt, thread, 0, 0) != 0)
        {
            stopped.SetException(new InvalidOperationException($"ptrace: {Marshal.GetLastPInvokeErrorMessage()}"));
            return;
        }

        while (waitpid(thread, out var status, EveryKind) == thread && (status & 0xFF) == 0x7F)
        {
            if (stopped.Task.IsCompleted || IsInLibrary(process, thread))
            {
                stopped.TrySetResult();
                continue;
            }

            // In managed code it would hold up the whole runtime at the next collection: then nobody could tell a wedge from silence.
            _ = ptrace(Continue, thread, 0, 0);
            Thread.Yield();
            _ = ptrace(Interrupt, thread, 0, 0);
        }
    }

    // The kernel tells where a stopped thread stands: the last of the words is its instruction.
    private static bool IsInLibrary(int process, int thread)
    {
        var at = File.ReadAllText($"/proc/{process}/task/{thread}/syscall").Split(' ')[^1].Trim();
        return at.StartsWith("0x", StringComparison.Ordinal)
            && ulong.TryParse(at[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var instruction)
            && File.ReadLines($"/proc/{process}/maps").Any(line => (line.Contains("libggml", StringComparison.Ordinal) || line.Contains("libllama", StringComparison.Ordinal))
                && line.Split('-', ' ') is [var from, var to, ..]
                && instruction >= ulong.Parse(from, NumberStyles.HexNumber, CultureInfo.InvariantCulture)
                && instruction < ulong.Parse(to, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial long ptrace(long request, int thread, nint address, nint data);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int thread, out int status, int options);
}
