using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Server.Shopify;

/// <summary>The app's identity at Shopify, and the addresses under which Shopify is reached. Section <c>Shopify</c>.</summary>
internal sealed class ShopifyOptions
{
    public string ClientId { get; set; } = "";

    public string ClientSecret { get; set; } = "";

    /// <summary>During a rotation Shopify still signs with the old secret for up to an hour: both are accepted.</summary>
    public string? OldClientSecret { get; set; }

    /// <summary>Where Shopify reaches this server, as in shopify.app.toml: <c>application_url</c>.</summary>
    public string AppUrl { get; set; } = "";

    /// <summary>A shop's own address; <c>{shop}</c> stands for its myshopify.com domain.</summary>
    public string ShopUrl { get; set; } = "https://{shop}";

    public string AdminUrl { get; set; } = "https://admin.shopify.com";

    public string CdnUrl { get; set; } = "https://cdn.shopify.com";

    /// <summary>Every outbound call to Shopify ends within this time: 1 second to 1 minute.</summary>
    public TimeSpan CallWithin { get; set; } = TimeSpan.FromSeconds(10);

    public IEnumerable<string> Secrets => string.IsNullOrEmpty(OldClientSecret) ? [ClientSecret] : [ClientSecret, OldClientSecret];

    /// <summary>The origin that frames the admin pages, without a trailing slash.</summary>
    public string AdminOrigin => new Uri(AdminUrl).GetLeftPart(UriPartial.Authority);

    public string CdnOrigin => new Uri(CdnUrl).GetLeftPart(UriPartial.Authority);

    public string AppBridgeUrl => $"{CdnUrl.TrimEnd('/')}/shopifycloud/app-bridge.js";

    public string PolarisUrl => $"{CdnUrl.TrimEnd('/')}/shopifycloud/polaris.js";

    public Uri AddressIn(string shop, string path) =>
        new(ShopUrl.Replace("{shop}", shop, StringComparison.Ordinal).TrimEnd('/') + path);
}

/// <summary>Finds every mistake, each a sentence that names the setting.</summary>
internal sealed class ShopifyOptionsRules : IValidateOptions<ShopifyOptions>
{
    public ValidateOptionsResult Validate(string? name, ShopifyOptions options)
    {
        var mistakes = Mistakes(options).ToList();
        return mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
    }

    private static IEnumerable<string> Mistakes(ShopifyOptions options)
    {
        foreach (var (key, value) in new[] { ("ClientId", options.ClientId), ("ClientSecret", options.ClientSecret) })
        {
            if (string.IsNullOrWhiteSpace(value))
            {
                yield return $"Shopify:{key} is missing: the app's page in the Shopify Dev Dashboard shows it.";
            }
        }

        var addresses = new[]
        {
            ("AppUrl", options.AppUrl), ("ShopUrl", options.ShopUrl.Replace("{shop}", "a.myshopify.com", StringComparison.Ordinal)),
            ("AdminUrl", options.AdminUrl), ("CdnUrl", options.CdnUrl),
        };
        foreach (var (key, value) in addresses.Where(address => !IsWebAddress(address.Item2)))
        {
            yield return $"Shopify:{key} must be an absolute http or https address, not \"{value}\".";
        }

        if (options.CallWithin < TimeSpan.FromSeconds(1) || options.CallWithin > TimeSpan.FromMinutes(1))
        {
            yield return "Shopify:CallWithin must be between 1 second and 1 minute.";
        }
    }

    private static bool IsWebAddress(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps);
}
