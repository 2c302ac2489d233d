using System.Diagnostics;

namespace ShopifyLlmGuard.Benchmarks.LocalModel;

/// <summary>Which processors may be used. Every contender has the same two; who asks over HTTP has the second of them only.</summary>
internal static class Cores
{
    public const string Two = "0,1";
    private const string Second = "1";

    /// <summary>A program on the two cores.</summary>
    public static ProcessStartInfo Start(string program, params IEnumerable<string> arguments) =>
        new("taskset", ["--cpu-list", Two, program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetTempPath(),
        };

    /// <summary>From now on this process asks from the second core.</summary>
    public static void Ask() => Pin(Second);

    /// <summary>From now on this process computes on both.</summary>
    public static void Compute() => Pin(Two);

    private static void Pin(string cores)
    {
        var start = new ProcessStartInfo("taskset", ["--all-tasks", "--cpu-list", "--pid", cores, $"{Environment.ProcessId}"])
        {
            RedirectStandardOutput = true,
        };
        using var taskset = Process.Start(start)!;
        taskset.StandardOutput.ReadToEnd();
        taskset.WaitForExit();
        if (taskset.ExitCode != 0)
        {
            throw new InvalidOperationException("The benchmark needs two cores and taskset.");
        }
    }
}
