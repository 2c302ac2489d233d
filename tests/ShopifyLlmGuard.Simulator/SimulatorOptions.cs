using System.ComponentModel.DataAnnotations;

namespace ShopifyLlmGuard.Simulator;

/// <summary>One shop with one app, as Shopify would know them; section <c>Simulator</c> of the configuration.</summary>
internal sealed class SimulatorOptions
{
    public const string Section = "Simulator";

    /// <summary>Where shoppers, merchants and the app reach this simulator, without a slash at the end.</summary>
    [Required, Url]
    public string Url { get; set; } = "http://localhost:5090";

    /// <summary>Where the app's server listens: its documents, its app proxy at <c>/proxy</c>, its webhooks.</summary>
    [Required, Url]
    public string AppUrl { get; set; } = "http://127.0.0.1:5080";

    [Required, RegularExpression(@"^[a-zA-Z0-9][a-zA-Z0-9\-]*\.myshopify\.com\z")]
    public string Shop { get; set; } = "carewell.myshopify.com";

    [Required]
    public string ClientId { get; set; } = "dev-client-id";

    /// <summary>The theme app extension that the storefront renders.</summary>
    [Required]
    public string ExtensionFolder { get; set; } = Path.Combine(Repository.Root, "extensions", "llm-guard");

    /// <summary>Where tokens and metafields outlive this program, as they do at Shopify; without it every start is a new shop.</summary>
    public string? DataDirectory { get; set; }

    /// <summary>Signs the app proxy, ID tokens and webhooks.</summary>
    [Required]
    public string ClientSecret { get; set; } = "dev-client-secret";
}
