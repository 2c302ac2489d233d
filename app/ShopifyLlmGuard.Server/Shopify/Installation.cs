using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Server.Shopify;

/// <summary>Shopify installs the app by itself; the server notices at the merchant's first visit and exchanges the ID token.</summary>
internal sealed partial class Installation(IShopifyAdmin admin, ShopRegistry shops, TimeProvider clock, ILogger<Installation> logger)
{
    /// <summary>Makes sure that the shop is known and has a token that works, or can be renewed.</summary>
    public async Task<InstallationOutcome> EnsureAsync(string shop, string idToken, CancellationToken cancellationToken)
    {
        if (shops.Profile(shop) is not null && await shops.TokensAsync(shop, cancellationToken) is { } tokens && tokens.RefreshExpiresAt > clock.GetUtcNow())
        {
            return InstallationOutcome.Present;
        }

        return await admin.ExchangeAsync(shop, idToken, cancellationToken) switch
        {
            TokenReply.Granted granted => await InstallAsync(shop, granted.At(clock.GetUtcNow()), cancellationToken),
            TokenReply.InvalidToken => InstallationOutcome.TokenIsStale,
            TokenReply.InvalidClient refused => Refuse(shop, refused.Code),
            var reply => Postpone(shop, reply.GetType().Name),
        };
    }

    private async Task<InstallationOutcome> InstallAsync(string shop, ShopTokens tokens, CancellationToken cancellationToken)
    {
        var reply = await admin.RunAsync(shop, tokens.AccessToken, AdminDocument.Installation, null, cancellationToken);
        if (reply is not AdminReply.Done { Data: var data })
        {
            return Postpone(shop, reply.GetType().Name);
        }

        await shops.InstallAsync(new(
            shop,
            data.GetProperty("shop").GetProperty("name").GetString()!,
            data.GetProperty("shop").GetProperty("currencyCode").GetString()!,
            data.GetProperty("currentAppInstallation").GetProperty("id").GetString()), tokens, cancellationToken);
        Log.Installed(logger, shop);
        return InstallationOutcome.Installed;
    }

    private InstallationOutcome Refuse(string shop, string code)
    {
        Log.Refused(logger, shop, code);
        return InstallationOutcome.Refused;
    }

    private InstallationOutcome Postpone(string shop, string why)
    {
        Log.Postponed(logger, shop, why);
        return InstallationOutcome.Postponed;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Shop} has the app.")]
        public static partial void Installed(ILogger logger, string shop);

        [LoggerMessage(Level = LogLevel.Error, Message = "{Shop}: Shopify refused the token exchange ({Code}): wrong client id or secret, or the app is not installed there.")]
        public static partial void Refused(ILogger logger, string shop, string code);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Shop}: the installation waits for the merchant's next visit ({Why}).")]
        public static partial void Postponed(ILogger logger, string shop, string why);
    }
}

internal enum InstallationOutcome
{
    Present,
    Installed,

    /// <summary>Shopify or the database does not answer: the page is shown all the same.</summary>
    Postponed,

    /// <summary>The ID token is no longer exchangeable; a fresh one is.</summary>
    TokenIsStale,

    Refused,
}
