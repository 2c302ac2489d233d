namespace ShopifyLlmGuard.Server.Trust;

/// <summary>Where a shopper's request comes from, as far as Shopify's app proxy tells.</summary>
internal static class ClientAddress
{
    // Shopify writes the shopper's address first; whatever stands between Shopify and us appends itself.
    public static string Of(HttpContext context) =>
        context.Request.Headers["X-Forwarded-For"].ToString() is { Length: > 0 } forwarded
            ? forwarded.Split(',', 2)[0].Trim() is { Length: <= 64 } address ? address : "too long"
            : context.Connection.RemoteIpAddress?.ToString() ?? "";
}
