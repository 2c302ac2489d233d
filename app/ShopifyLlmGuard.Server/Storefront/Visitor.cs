using System.Security.Cryptography;
using System.Text;
using ShopifyLlmGuard.Server.Trust;

namespace ShopifyLlmGuard.Server.Storefront;

/// <summary>
/// What stays the same for a visitor: the customer whom Shopify signed, or else address and browser. There is no cookie to tell
/// visitors apart, and there shall be none. Only a hash leaves this type, it lives as long as the request, and nobody stores it.
/// </summary>
internal static class Visitor
{
    public static string Of(HttpContext context, string shop)
    {
        var known = context.Request.Query["logged_in_customer_id"].ToString() is { Length: > 0 } customer
            ? $"customer {customer}" : $"{ClientAddress.Of(context)} {context.Request.Headers.UserAgent}";
        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{shop}\n{known}")));
    }
}
