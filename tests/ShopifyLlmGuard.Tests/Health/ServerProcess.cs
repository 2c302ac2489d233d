using System.Diagnostics;
using ShopifyLlmGuard.Server.Storefront;

namespace ShopifyLlmGuard.Tests.Health;

/// <summary>A guard server as a process of its own, so that it can be killed.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process process;
    private readonly string directory = Directory.CreateTempSubdirectory("guard-server-").FullName;

    public ServerProcess(IEnumerable<(string Key, string? Value)> settings)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(ChatRequest).Assembly.Location, "--urls", "http://127.0.0.1:0"])
        {
            RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = directory,
        };
        foreach (var (key, value) in settings.Concat(
            [
                ("Guard:DataDirectory", directory), ("Jobs:Run", "false"), ("Shopify:ClientId", Signed.ClientId), ("Shopify:ClientSecret", Signed.Secret),
                ("Shopify:TokenKey", Convert.ToBase64String(new byte[32])), ("Shopify:AppUrl", "http://127.0.0.1:5080"),
            ]))
        {
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => process.Id;

    /// <summary>As <c>kill -9</c> does.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            Kill();
        }

        process.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}
