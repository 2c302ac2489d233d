namespace ShopifyLlmGuard.Simulator;

/// <summary>Where the files lie that the simulator reads: it always runs out of a checkout.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Simulator { get; } = Path.Combine(Root, "tests", "ShopifyLlmGuard.Simulator");

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "ShopifyLlmGuard.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException(
                $"No ShopifyLlmGuard.sln above {AppContext.BaseDirectory}: the simulator runs from a checkout.");
        }

        return folder.FullName;
    }
}
