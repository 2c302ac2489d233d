using System.Runtime.InteropServices;

namespace ShopifyLlmGuard.Inference.Heartbeat;

/// <summary>What .NET does not offer: signals other than SIGKILL, and a death that follows the parent's.</summary>
internal static partial class Libc
{
    private const int ParentDeathSignal = 1;
    private const nuint Kill = 9;
    private const int Term = 15;
    private const int CoreSize = 4;

    /// <summary>Asks a process to end.</summary>
    public static void Terminate(int process) => _ = kill(process, Term);

    /// <summary>From now on the kernel kills this process when the thread that started it ends, even while it is stopped.</summary>
    public static void DieWithParent() => _ = prctl(ParentDeathSignal, Kill, 0, 0, 0);

    /// <summary>A crash leaves no image of this process's memory on a disk.</summary>
    public static void LeaveNoCore() => _ = setrlimit(CoreSize, default);

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc")]
    private static partial int setrlimit(int resource, in Limits limits);

    [LibraryImport("libc")]
    private static partial int prctl(int option, nuint first, nuint second, nuint third, nuint fourth);

    private readonly record struct Limits(nuint Soft, nuint Hard);
}
