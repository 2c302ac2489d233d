using ShopifyLlmGuard.Simulator.Platform.Tokens;
using ShopifyLlmGuard.Simulator.Shop;

namespace ShopifyLlmGuard.Simulator.Platform;

/// <summary>Whether the app is on the shop. A merchant who opens the app installs it; only an uninstall ends that.</summary>
internal sealed class Installation(TokenDesk tokens, Metafields metafields)
{
    private volatile bool uninstalled;

    public bool Uninstalled => uninstalled;

    /// <summary>True once the app has exchanged its first token.</summary>
    public bool Complete => !uninstalled && tokens.Issued;

    public void Open() => uninstalled = false;

    public void Uninstall()
    {
        uninstalled = true;
        tokens.Revoke();
        metafields.DeleteAll(ShopState.AppInstallation);
    }
}
