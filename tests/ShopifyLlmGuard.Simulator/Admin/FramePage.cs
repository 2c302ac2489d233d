using System.Text.Json;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Simulator.Platform;

namespace ShopifyLlmGuard.Simulator.Admin;

/// <summary>The admin around the app: what a merchant's browser loads first.</summary>
internal sealed class FramePage(AppDocument document, Installation installation, IOptions<SimulatorOptions> simulator)
{
    public const string Home = "/admin/apps/llm-guard";

    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    /// <param name="path">Path and query inside the app, as in the address bar.</param>
    public string Render(string path)
    {
        installation.Open();
        var settings = JsonSerializer.Serialize(
            new
            {
                AppOrigin = new Uri(simulator.Value.AppUrl).GetLeftPart(UriPartial.Authority),
                simulator.Value.ClientId,
                Address = document.Address(path).AbsoluteUri,
                AppDocument.Parameters,
            },
            Web);
        return Assets.Read("Frame/frame.html")
            .Replace("{{settings}}", settings, StringComparison.Ordinal);
    }
}
