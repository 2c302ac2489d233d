using System.Net;
using System.Net.Sockets;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

// Shoppers are promised seconds here, so no test may build or start a second shop beside them.
[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]

namespace ShopifyLlmGuard.Browser;

/// <summary>Where the built programs and the repository lie, and which ports are free.</summary>
internal static class Programs
{
    public static string Root { get; } = FindRoot();

    /// <summary>The built program beside this one: same configuration, same artifacts folder.</summary>
    public static string Path(string name)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        var path = System.IO.Path.Combine(Root, "artifacts", "bin", name, configuration, name);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{name} is not built: dotnet build ShopifyLlmGuard.sln", path);
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(System.IO.Path.Combine(folder.FullName, "ShopifyLlmGuard.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("No ShopifyLlmGuard.sln above the tests.");
        }

        return folder.FullName;
    }
}
