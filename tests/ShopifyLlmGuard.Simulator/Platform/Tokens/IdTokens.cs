using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Simulator.Platform.Tokens;

/// <summary>Mints and checks the 60-second HS256 tokens that App Bridge hands to the app.</summary>
internal sealed class IdTokens(
    IOptions<SimulatorOptions> simulator, IOptions<PlatformOptions> platform, TimeProvider clock)
{
    public const string UserId = "42";

    private static readonly byte[] Header = """{"alg":"HS256","typ":"JWT"}"""u8.ToArray();
    private static readonly TimeSpan Leeway = TimeSpan.FromSeconds(10);

    private readonly string sessionId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    private SimulatorOptions Shop => simulator.Value;

    public string Mint()
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        return Sign(new JsonObject
        {
            ["iss"] = $"https://{Shop.Shop}/admin",
            ["dest"] = $"https://{Shop.Shop}",
            ["aud"] = Shop.ClientId,
            ["sub"] = UserId,
            ["exp"] = now + (long)platform.Value.IdTokenLife.TotalSeconds,
            ["nbf"] = now,
            ["iat"] = now,
            ["jti"] = Guid.NewGuid().ToString(),
            ["sid"] = sessionId,
            ["sig"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)),
        });
    }

    /// <summary>Signs any claims with the app's secret; tests forge tokens with it.</summary>
    public string Sign(JsonObject claims)
    {
        var content = $"{Base64Url.EncodeToString(Header)}.{Base64Url.EncodeToString(
            Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        return $"{content}.{Base64Url.EncodeToString(Mac(content))}";
    }

    /// <returns>Why Shopify would not exchange this token, or null when it would.</returns>
    public string? Refuse(string? token)
    {
        if (token?.Split('.') is not [var header, var payload, var signature])
        {
            return "The token is not a JWT.";
        }

        try
        {
            var mac = Base64Url.DecodeFromChars(signature);
            if (!CryptographicOperations.FixedTimeEquals(mac, Mac($"{header}.{payload}")))
            {
                return "The signature does not match.";
            }

            using var head = JsonDocument.Parse(Base64Url.DecodeFromChars(header));
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(payload));
            return Refuse(head.RootElement, claims.RootElement);
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            return "The token cannot be read.";
        }
    }

    private string? Refuse(JsonElement header, JsonElement claims)
    {
        var now = clock.GetUtcNow();
        return Text(header, "alg") != "HS256" ? "The algorithm is not HS256."
            : !(Time(claims, "exp") is { } expiry && now < expiry + Leeway) ? "The token has expired."
            : !(Time(claims, "nbf") is { } start && now >= start - Leeway) ? "The token is not valid yet."
            : Text(claims, "aud") != Shop.ClientId ? "The token was minted for another app."
            : Text(claims, "dest") != $"https://{Shop.Shop}" ? "The token was minted for another shop."
            : null;
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() : null;

    private static DateTimeOffset? Time(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.TryGetInt64(out var seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    private byte[] Mac(string content) => HMACSHA256.HashData(
        Encoding.UTF8.GetBytes(Shop.ClientSecret), Encoding.UTF8.GetBytes(content));
}
