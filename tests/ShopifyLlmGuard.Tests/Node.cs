using System.Diagnostics;
using System.Text.Json;

namespace ShopifyLlmGuard.Tests;

/// <summary>Shopify's own JavaScript, asked from C#.</summary>
internal static class Node
{
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>Runs a script of tests/shopify/, gives it JSON and reads JSON.</summary>
    public static async Task<JsonElement> AskAsync(string script, object? input = null, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("node", [Path.Combine(RepositoryRoot, "tests", "shopify", script), .. arguments])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        await process.StandardInput.WriteAsync(JsonSerializer.Serialize(input));
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await error);
        return JsonDocument.Parse(await output).RootElement;
    }

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "ShopifyLlmGuard.sln")))
        {
            directory = directory.Parent;
        }

        return directory.FullName;
    }
}
