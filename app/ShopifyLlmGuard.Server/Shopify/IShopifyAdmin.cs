using System.Text.Json;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Server.Shopify;

/// <summary>The wire to Shopify's Admin: two implementations, neither retries, stores or throws for what Shopify may answer.</summary>
internal interface IShopifyAdmin
{
    Task<AdminReply> RunAsync(string shop, string accessToken, AdminDocument document, object? variables, CancellationToken cancellationToken);

    /// <summary>Exchanges an ID token for an expiring offline token.</summary>
    Task<TokenReply> ExchangeAsync(string shop, string idToken, CancellationToken cancellationToken);

    Task<TokenReply> RefreshAsync(string shop, string refreshToken, CancellationToken cancellationToken);
}

internal abstract record AdminReply
{
    private AdminReply() { }

    /// <summary>Whole data and no error.</summary>
    public sealed record Done(JsonElement Data) : AdminReply
    {
        /// <summary>How long it takes until Shopify grants such a call again; nothing as long as its bucket holds enough.</summary>
        public TimeSpan Pause { get; init; }
    }

    /// <summary>Too much at once; the same call may succeed <paramref name="After"/> from now.</summary>
    public sealed record Throttled(TimeSpan After) : AdminReply;

    /// <summary>The token is dead: revoked, or the app was uninstalled.</summary>
    public sealed record Unauthorized : AdminReply;

    /// <summary>Shopify understood and said no; the same call will fail again.</summary>
    public sealed record Refused(string Code, string Message) : AdminReply;

    /// <summary>No answer, or a broken one.</summary>
    public sealed record Unavailable(string Why) : AdminReply;
}

internal abstract record TokenReply
{
    private TokenReply() { }

    public sealed record Granted(
        string AccessToken, string Scope, TimeSpan ExpiresIn, string RefreshToken, TimeSpan RefreshTokenExpiresIn) : TokenReply
    {
        public ShopTokens At(DateTimeOffset now) => new(AccessToken, now + ExpiresIn, RefreshToken, now + RefreshTokenExpiresIn, Scope);

        public override string ToString() => nameof(Granted);
    }

    /// <summary>The ID token or refresh token is no longer good; a fresh one may be.</summary>
    public sealed record InvalidToken : TokenReply;

    /// <summary>Our credentials are wrong, or the app is no longer installed there.</summary>
    public sealed record InvalidClient(string Code) : TokenReply;

    public sealed record Throttled(TimeSpan After) : TokenReply;

    public sealed record Unavailable(string Why) : TokenReply;
}
