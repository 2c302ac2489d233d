using System.Diagnostics;

namespace ShopifyLlmGuard.Inference.Tests;

/// <summary>Prometheus' own judge.</summary>
internal static class Promtool
{
    /// <summary>What it says to a document of metrics; nothing is good.</summary>
    public static Task<(int ExitCode, string Said)> CheckAsync(string metrics) => RunAsync(metrics, "check", "metrics");

    public static async Task<(int ExitCode, string Said)> RunAsync(string input, params string[] words)
    {
        using var promtool = Process.Start(new ProcessStartInfo("promtool", words)
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        await promtool.StandardInput.WriteAsync(input);
        promtool.StandardInput.Close();
        var said = await promtool.StandardError.ReadToEndAsync() + await promtool.StandardOutput.ReadToEndAsync();
        await promtool.WaitForExitAsync();
        return (promtool.ExitCode, said);
    }
}
