using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ShopifyLlmGuard.Server.Trust;

namespace ShopifyLlmGuard.Tests;

/// <summary>Authentic callers: what Shopify would send. That Shopify's own library agrees with these is tested beside the scripts.</summary>
internal static class Signed
{
    public const string ClientId = "dev-client-id", Secret = "dev-client-secret";

    /// <summary>A query as the app proxy forwards it, with the question mark.</summary>
    public static string Query(string shop, DateTimeOffset at, string secret, params (string Name, string Value)[] more)
    {
        var parameters = more
            .Concat([("shop", shop), ("logged_in_customer_id", ""), ("path_prefix", "/apps/guard"), ("timestamp", Seconds(at))])
            .GroupBy(parameter => parameter.Item1)
            .ToDictionary(group => group.Key, group => group.Select(parameter => parameter.Item2).ToList());
        return WithSignature(parameters, secret);
    }

    public static string WithSignature(Dictionary<string, List<string>> parameters, string secret)
    {
        var signature = Convert.ToHexStringLower(Mac(secret, SignedQuery.Message(parameters)));
        var pairs = parameters.SelectMany(parameter => parameter.Value.Select(value => $"{Uri.EscapeDataString(parameter.Key)}={Uri.EscapeDataString(value)}"));
        return $"?{string.Join('&', pairs)}&signature={signature}";
    }

    public static string Body(byte[] body, string secret = Secret) => Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body));

    /// <summary>An ID token as the admin mints it; <paramref name="change"/> spoils one claim.</summary>
    public static string IdToken(
        string shop, DateTimeOffset at, string secret = Secret, Action<Dictionary<string, object>>? change = null, string header = """{"alg":"HS256","typ":"JWT"}""")
    {
        var claims = new Dictionary<string, object>
        {
            ["iss"] = $"https://{shop}/admin", ["dest"] = $"https://{shop}", ["aud"] = ClientId, ["sub"] = "42",
            ["exp"] = at.ToUnixTimeSeconds() + 60, ["nbf"] = at.ToUnixTimeSeconds(), ["iat"] = at.ToUnixTimeSeconds(),
            ["jti"] = "f8912129-1af6-4cad-9ca3-76b0f7621087", ["sid"] = "aaea182f2732d44c23057c0fea584021a4485b2bd25d3eb7fd349313ad24c685",
        };
        change?.Invoke(claims);
        var signed = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header))}.{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(claims))}";
        return $"{signed}.{Base64Url.EncodeToString(Mac(secret, signed))}";
    }

    private static byte[] Mac(string secret, string text) => HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(text));

    private static string Seconds(DateTimeOffset at) => at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
}
