using System.Diagnostics;

namespace ShopifyLlmGuard.Tests.Simulator;

/// <summary>A real browser that opens one address.</summary>
internal static class Chromium
{
    private static readonly string[] Flags =
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ];

    /// <returns>The document as it is when the page has come to rest.</returns>
    public static async Task<string> DumpAsync(string url)
    {
        using var browser = Open(url, "--dump-dom", "--virtual-time-budget=5000");
        var dom = await browser.Process.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Contains("</html>", dom, StringComparison.Ordinal);
        return dom;
    }

    /// <summary>Keeps the page open until disposed.</summary>
    public static OpenPage Visit(string url) => Open(url, "--remote-debugging-port=0");

    private static OpenPage Open(string url, params string[] more)
    {
        var profile = Directory.CreateTempSubdirectory("chromium-");
        var start = new ProcessStartInfo("chromium", [.. Flags, .. more, $"--user-data-dir={profile.FullName}", url])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        return new(process, profile);
    }

    internal sealed class OpenPage(Process process, DirectoryInfo profile) : IDisposable
    {
        public Process Process => process;

        public void Dispose()
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
            try
            {
                profile.Delete(recursive: true);
            }
            catch (IOException)
            {
                // A helper of the browser may still write its last file; the folder is a temporary one.
            }
        }
    }
}
