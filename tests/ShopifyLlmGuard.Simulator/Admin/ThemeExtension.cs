using ShopifyLlmGuard.Simulator.Shop;

namespace ShopifyLlmGuard.Simulator.Admin;

/// <summary>What <c>shopify.app.extensions()</c> says about the theme app extension.</summary>
internal static class ThemeExtension
{
    private const string ThemeId = "gid://shopify/OnlineStoreTheme/1";

    public static object Describe(ThemeEditor editor) => new[]
    {
        new
        {
            handle = "llm-guard",
            type = "theme_app_extension",
            activations = editor.Blocks.Select(Describe).ToList(),
        },
    };

    private static object Describe(PlacedBlock block) => new
    {
        handle = block.Handle,
        name = block.Handle,
        target = block.Handle == "chat" ? "body" : "section",
        status = block.Active ? "active" : "available",
        activations = block.Active
            ? new[] { new { target = block.Handle == "chat" ? "global" : "template--product", themeId = ThemeId } } : [],
    };
}
