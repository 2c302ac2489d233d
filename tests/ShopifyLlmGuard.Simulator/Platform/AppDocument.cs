using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Simulator.Platform.Tokens;

namespace ShopifyLlmGuard.Simulator.Platform;

/// <summary>The address under which Shopify's admin frames a page of the app: signed, with a fresh ID token.</summary>
internal sealed class AppDocument(IOptions<SimulatorOptions> simulator, IdTokens idTokens, TimeProvider clock)
{
    /// <summary>What Shopify adds; the rest of the query is the app's own.</summary>
    public static readonly string[] Parameters =
        ["embedded", "hmac", "host", "id_token", "locale", "session", "shop", "timestamp"];

    private readonly string session = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>Base64, without padding, of where this shop's admin lives: `admin.shopify.com/store/…` at Shopify.</summary>
    public string Host => Convert.ToBase64String(Encoding.ASCII.GetBytes(
        $"{new Uri(simulator.Value.Url).Authority}/store/{Store}")).TrimEnd('=');

    private string Store => simulator.Value.Shop.Split('.')[0];

    /// <param name="path">Path and query inside the app, with a leading slash.</param>
    public Uri Address(string path)
    {
        var (own, query) = path.Split('?', 2) is [var first, var rest] ? (first, QueryHelpers.ParseQuery(rest)) : (path, []);
        var parameters = query
            .Where(parameter => !Parameters.Contains(parameter.Key))
            .SelectMany(parameter => parameter.Value.Select(value => (parameter.Key, Value: value ?? "")))
            .ToList();
        parameters.AddRange(
        [
            ("embedded", "1"),
            ("host", Host),
            ("id_token", idTokens.Mint()),
            ("locale", "en"),
            ("session", session),
            ("shop", simulator.Value.Shop),
            ("timestamp", $"{clock.GetUtcNow().ToUnixTimeSeconds()}"),
        ]);
        parameters.Add(("hmac", Sign(parameters)));
        return new(QueryHelpers.AddQueryString(
            simulator.Value.AppUrl.TrimEnd('/') + own,
            parameters.Select(parameter => KeyValuePair.Create<string, string?>(parameter.Key, parameter.Value))));
    }

    private string Sign(IEnumerable<(string Key, string Value)> parameters)
    {
        var message = string.Join('&', parameters
            .OrderBy(parameter => parameter.Key, StringComparer.Ordinal)
            .Select(parameter => $"{Uri.EscapeDataString(parameter.Key)}={Uri.EscapeDataString(parameter.Value)}"));
        return Convert.ToHexStringLower(HMACSHA256.HashData(
            Encoding.UTF8.GetBytes(simulator.Value.ClientSecret), Encoding.UTF8.GetBytes(message)));
    }
}
