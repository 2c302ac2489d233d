using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using ShopifyLlmGuard.Server.Shopify;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Server.Trust;

/// <summary>Shopify's ID token: who is looking at the admin page, in which shop. Lives for a minute.</summary>
internal sealed record IdToken(string Shop, string UserId)
{
    /// <summary>Every official library allows this much difference between clocks.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromSeconds(10);

    private static readonly JsonWebTokenHandler Handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = 8 * 1024 };

    /// <returns>The proven identity, or null and the reason, which goes to the log only.</returns>
    public static async Task<(IdToken? Token, string? Refusal)> ProveAsync(string text, ShopifyOptions options, DateTimeOffset now)
    {
        var result = await Handler.ValidateTokenAsync(text, Parameters(options, now));
        if (!result.IsValid)
        {
            return (null, result.Exception?.GetType().Name ?? "invalid");
        }

        var token = (JsonWebToken)result.SecurityToken;
        return token.Audiences.Count() != 1 ? (null, "more than one audience")
            : HostOf(token.Issuer) is not { } issuer || HostOf(Claim(token, "dest")) is not { } shop ? (null, "iss or dest is no shop")
            : issuer != shop ? (null, "iss and dest differ")
            : Claim(token, "sub") is not { Length: > 0 } user ? (null, "no sub")
            : (new IdToken(shop, user), null);
    }

    private static TokenValidationParameters Parameters(ShopifyOptions options, DateTimeOffset now) => new()
    {
        ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
        IssuerSigningKeys = options.Secrets.Select(Key),
        TryAllIssuerSigningKeys = true,
        ValidAudience = options.ClientId,
        ValidateIssuer = false, // The issuer is the shop itself: compared with dest above.
        RequireExpirationTime = true,
        RequireSignedTokens = true,
        LifetimeValidator = (from, until, _, _) => from - Skew <= now.UtcDateTime && now.UtcDateTime < until + Skew,
    };

    // The library refuses keys below 128 bits. HMAC itself pads every key with zeros to 64 bytes, so doing it here changes no result.
    private static SymmetricSecurityKey Key(string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        Array.Resize(ref bytes, Math.Max(bytes.Length, 32));
        return new SymmetricSecurityKey(bytes);
    }

    private static string? HostOf(string? address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps && ShopDomain.TryParse(uri.Host, out var shop)
            ? shop
            : null;

    private static string? Claim(JsonWebToken token, string name) => token.TryGetPayloadValue<string>(name, out var value) ? value : null;
}
