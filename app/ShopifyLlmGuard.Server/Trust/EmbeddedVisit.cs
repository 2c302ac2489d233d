using System.Text;
using ShopifyLlmGuard.Server.Shopify;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Server.Trust;

/// <summary>
/// What Shopify's admin puts into the query of a page that it frames. Proves nothing; it says where to send the browser. The
/// host is the admin's host and path of this shop, such as <c>admin.shopify.com/store/carewell</c>.
/// </summary>
internal sealed record EmbeddedVisit(string Shop, string Host, bool IsEmbedded)
{
    /// <returns>Null if the shop or the host is missing, repeated or not Shopify's.</returns>
    public static EmbeddedVisit? Read(HttpRequest request, ShopifyOptions options) =>
        request.Query["shop"] is [{ } shopText] && ShopDomain.TryParse(shopText, out var shop)
        && request.Query["host"] is [{ } hostText] && Decode(hostText) is { } host && IsAdmin(host, shop, options)
            ? new EmbeddedVisit(shop, host, request.Query["embedded"] is ["1"])
            : null;

    public string AddressInAdmin(ShopifyOptions options) =>
        $"{new Uri(options.AdminUrl).Scheme}://{Host.TrimEnd('/')}/apps/{Uri.EscapeDataString(options.ClientId)}";

    private static bool IsAdmin(string host, string shop, ShopifyOptions options) =>
        host.Equals($"{shop}/admin", StringComparison.Ordinal)
        || (host.StartsWith(new Uri(options.AdminUrl).Authority + "/", StringComparison.Ordinal)
            && host.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '-' or '_' or '/' or ':'));

    private static string? Decode(string base64)
    {
        // Shopify leaves out the padding.
        var padded = base64.Replace('-', '+').Replace('_', '/').PadRight((base64.Length + 3) / 4 * 4, '=');
        var bytes = new byte[padded.Length];
        return Convert.TryFromBase64String(padded, bytes, out var length) ? Encoding.ASCII.GetString(bytes, 0, length) : null;
    }
}
