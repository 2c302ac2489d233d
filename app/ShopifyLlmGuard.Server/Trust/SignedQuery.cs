using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Server.Trust;

/// <summary>The query that Shopify's app proxy adds to a shopper's request, proven to be Shopify's own and recent.</summary>
internal sealed record SignedQuery(string Shop, string PathPrefix, string LoggedInCustomerId)
{
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(90);

    // Shopify sends each of its own names once, behind the shopper's: of two, the first would be the shopper's.
    private static readonly string[] Own = ["shop", "timestamp", "path_prefix", "logged_in_customer_id"];
    private static readonly string[] Single = [.. Own, "signature", "hmac"];

    /// <summary>Takes the query as it came over the wire, with or without the question mark.</summary>
    /// <returns>The proven values, or null and the reason, which goes to the log only.</returns>
    public static (SignedQuery? Query, string? Refusal) Prove(string? rawQuery, IEnumerable<string> secrets, DateTimeOffset now)
    {
        var parameters = Parse(rawQuery);
        if (Array.Exists(Single, name => parameters.TryGetValue(name, out var values) && values.Count > 1))
        {
            return (null, "a parameter that must be single is repeated");
        }

        string Value(string name) => parameters.TryGetValue(name, out var values) ? values[0] : "";
        var message = Message(parameters);
        if (!IsSigned(message, Value("signature"), secrets))
        {
            return (null, "the signature does not fit");
        }

        // Shopify joins "key=value" without a separator, so a value may pretend to be further parameters. The owner of one
        // shop could have "x=1shop=victim.myshopify.com" signed, and split it elsewhere. Shopify itself adds each name once.
        if (Array.Exists(Own, name => Count(message, $"{name}=") > 1))
        {
            return (null, "a value contains another parameter's name");
        }

        if (!long.TryParse(Value("timestamp"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || Math.Abs(now.ToUnixTimeSeconds() - seconds) > Window.TotalSeconds)
        {
            return (null, "the timestamp is missing or too far from now");
        }

        return ShopDomain.TryParse(Value("shop"), out var shop)
            ? (new SignedQuery(shop, Value("path_prefix"), Value("logged_in_customer_id")), null)
            : (null, "the shop is missing or malformed");
    }

    /// <summary>What Shopify signs: sorted <c>key=value</c>, repeated keys joined by comma, nothing in between.</summary>
    public static string Message(IReadOnlyDictionary<string, List<string>> parameters) =>
        string.Concat(parameters
            .Where(parameter => parameter.Key is not ("signature" or "hmac"))
            .Select(parameter => $"{parameter.Key}={string.Join(',', parameter.Value)}")
            .Order(StringComparer.Ordinal));

    public static Dictionary<string, List<string>> Parse(string? rawQuery)
    {
        var parameters = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var pair in (rawQuery ?? "").TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var name = Decode(equals < 0 ? pair : pair[..equals]);
            if (!parameters.TryGetValue(name, out var values))
            {
                parameters[name] = values = [];
            }

            values.Add(equals < 0 ? "" : Decode(pair[(equals + 1)..]));
        }

        return parameters;
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    private static bool IsSigned(string message, string signature, IEnumerable<string> secrets)
    {
        var given = Encoding.ASCII.GetBytes(signature);
        var signed = false;
        foreach (var secret in secrets)
        {
            var expected = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(message)));
            signed |= CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(expected), given);
        }

        return signed;
    }

    private static int Count(string text, string part)
    {
        var count = 0;
        for (var at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + 1, StringComparison.Ordinal))
        {
            count++;
        }

        return count;
    }
}
