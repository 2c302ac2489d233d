using System.Diagnostics;
using ShopifyLlmGuard.Browser;

namespace ShopifyLlmGuard.Benchmarks;

/// <summary>How long <c>./run</c> takes in a fresh clone: first with empty package caches, then again.</summary>
internal static class StartTimes
{
    public static async Task<(double Cold, double Warm)> MeasureAsync()
    {
        var folder = Directory.CreateTempSubdirectory("guard-clone-").FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101); // PostgreSQL runs as nobody there
        try
        {
            var clone = Path.Combine(folder, "clone");
            using (var git = Process.Start("git", ["clone", "--quiet", Programs.Root, clone]))
            {
                await git.WaitForExitAsync();
            }

            return (await SecondsUntilUpAsync(folder, clone), await SecondsUntilUpAsync(folder, clone));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<double> SecondsUntilUpAsync(string folder, string clone)
    {
        var start = new ProcessStartInfo(Path.Combine(clone, "run"))
        {
            WorkingDirectory = clone,
            RedirectStandardOutput = true,
            Environment =
            {
                ["NUGET_PACKAGES"] = Path.Combine(folder, "nuget"),
                ["NUGET_HTTP_CACHE_PATH"] = Path.Combine(folder, "nuget-http"),
                ["npm_config_cache"] = Path.Combine(folder, "npm"),
            },
        };
        foreach (var port in new[] { "GUARD_PORT", "INFERENCE_PORT", "SIMULATOR_PORT", "POSTGRES_PORT" })
        {
            start.Environment[port] = Programs.FreePort().ToString();
        }

        var watch = Stopwatch.StartNew();
        using var run = Process.Start(start)!;
        var seconds = double.PositiveInfinity;
        while (await run.StandardOutput.ReadLineAsync() is { } line)
        {
            Console.Error.WriteLine(line);
            if (line.StartsWith("storefront", StringComparison.Ordinal))
            {
                seconds = watch.Elapsed.TotalSeconds;
                using var stop = Process.Start("kill", ["-TERM", run.Id.ToString()]);
            }
        }

        await run.WaitForExitAsync();
        return seconds;
    }
}
