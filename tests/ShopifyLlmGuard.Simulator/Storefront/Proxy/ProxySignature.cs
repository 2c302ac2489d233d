using System.Security.Cryptography;
using System.Text;

namespace ShopifyLlmGuard.Simulator.Storefront.Proxy;

/// <summary>Shopify's signature of an app-proxy query.</summary>
internal static class ProxySignature
{
    /// <summary>
    /// HMAC-SHA256 in lower-case hex over <c>key=value</c> strings, sorted and joined without separator; the values of a
    /// repeated key are joined with a comma in their order.
    /// </summary>
    public static string Of(IEnumerable<KeyValuePair<string, string>> parameters, string secret)
    {
        var message = string.Concat(parameters
            .Where(parameter => parameter.Key != "signature")
            .GroupBy(parameter => parameter.Key, parameter => parameter.Value)
            .Select(group => $"{group.Key}={string.Join(',', group)}")
            .Order(StringComparer.Ordinal));
        return Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(message)));
    }
}
