namespace ShopifyLlmGuard.Admin;

/// <summary>What the admin's documents need to know about Shopify. The server registers one.</summary>
/// <param name="ClientId">The app's client id, for App Bridge and for links into the theme editor.</param>
/// <param name="CdnUrl">Where App Bridge and Polaris come from, without a slash at the end, e.g. <c>https://cdn.shopify.com</c>.</param>
public sealed record AdminOptions(string ClientId, string CdnUrl);
