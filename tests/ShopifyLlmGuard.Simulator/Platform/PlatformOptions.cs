namespace ShopifyLlmGuard.Simulator.Platform;

/// <summary>What Shopify decides about an app; the defaults are Shopify's, tests shorten them.</summary>
internal sealed class PlatformOptions
{
    public const string Section = "Simulator:Platform";

    public TimeSpan IdTokenLife { get; set; } = TimeSpan.FromSeconds(60);

    public TimeSpan AccessTokenLife { get; set; } = TimeSpan.FromSeconds(3600);

    public TimeSpan RefreshTokenLife { get; set; } = TimeSpan.FromDays(90);

    /// <summary>Points that a full GraphQL bucket holds.</summary>
    public int GraphqlBucket { get; set; } = 2000;

    /// <summary>Points that flow back per second.</summary>
    public int GraphqlRestoreRate { get; set; } = 100;

    public TimeSpan WebhookLimit { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Shopify retries 8 times.</summary>
    public int WebhookRetries { get; set; } = 8;

    /// <summary>The pause before the first retry; each later one is twice as long. Shopify spreads them over 4 hours.</summary>
    public TimeSpan WebhookPause { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether a merchant opens (and so installs) the app as soon as the simulator runs.</summary>
    public bool InstallAtStart { get; set; } = true;
}
