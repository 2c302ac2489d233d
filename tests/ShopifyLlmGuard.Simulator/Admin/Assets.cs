namespace ShopifyLlmGuard.Simulator.Admin;

/// <summary>The scripts and styles of this folder, read from the checkout so that an edit needs no restart.</summary>
internal static class Assets
{
    private static string Folder => Path.Combine(Repository.Simulator, "Admin");

    public static string Read(string path) => File.ReadAllText(Path.Combine(Folder, path));

    /// <returns>All files of a folder, in the order of their names.</returns>
    public static IEnumerable<string> ReadAll(string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Folder, folder), pattern).Order(StringComparer.Ordinal).Select(File.ReadAllText);

    public static string Package(string path) => Path.Combine(Repository.Root, "tests", "node_modules", "@shopify", path);

    /// <summary>Design tokens: Polaris' custom properties for colours, type and space.</summary>
    public static string Tokens() => File.ReadAllText(Package("polaris-tokens/dist/css/styles.css"));
}
