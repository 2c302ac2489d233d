namespace ShopifyLlmGuard.Simulator.Storefront.Liquid;

/// <summary>A template that Shopify would reject, or whose author certainly meant something else. Shown to the developer as a page.</summary>
internal sealed class LiquidError(string file, int line, string message, Exception? cause = null)
    : Exception($"{file}:{line}: {message}", cause)
{
    /// <summary>Path inside the theme or the extension.</summary>
    public string File => file;

    /// <summary>Counted from 1.</summary>
    public int Line => line;

    public string Complaint => message;
}
