using System.Text.Json;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Server.Shopify;

/// <summary>Shopify installs the app by itself; the server notices at the merchant's first visit and exchanges the ID token.</summary>
internal sealed partial class Installation(
    IShopifyAdmin admin, ShopAdmin shopAdmin, ShopRegistry shops, Snapshots snapshots, TimeProvider clock, ILogger<Installation> logger)
{
    private static readonly TimeSpan ParticularsWithin = TimeSpan.FromSeconds(2);

    /// <summary>Makes sure that the shop is known and has a token that works, or can be renewed.</summary>
    public async Task<InstallationOutcome> EnsureAsync(string shop, string idToken, CancellationToken cancellationToken)
    {
        if (shops.Profile(shop) is not null && await shops.TokensAsync(shop, cancellationToken) is { } tokens && tokens.RefreshExpiresAt > clock.GetUtcNow())
        {
            return InstallationOutcome.Present;
        }

        return await admin.ExchangeAsync(shop, idToken, cancellationToken) switch
        {
            TokenReply.Granted granted => await InstallAsync(shop, granted.At(clock.GetUtcNow())),
            TokenReply.InvalidToken => InstallationOutcome.TokenIsStale,
            TokenReply.InvalidClient refused => Refuse(shop, refused.Code),
            var reply => Postpone(shop, reply.GetType().Name),
        };
    }

    /// <summary>Asks the particulars of every shop whose first visit could not; with <paramref name="all"/> of every shop.</summary>
    public async Task CompleteAsync(bool all, CancellationToken cancellationToken)
    {
        foreach (var profile in snapshots.Current.Shops.Values.Where(profile => all || profile.AppInstallationId is null))
        {
            if (await shopAdmin.RunAsync(profile.Domain, AdminDocument.Installation, null, cancellationToken) is AdminReply.Done { Data: var data })
            {
                await shops.InstallAsync(Particulars(profile.Domain, data), null, cancellationToken);
            }
        }
    }

    // The token is granted and every older one is dead: it is stored whatever Shopify says, or does not say, next.
    private async Task<InstallationOutcome> InstallAsync(string shop, ShopTokens tokens)
    {
        using var limit = new CancellationTokenSource(ParticularsWithin, clock);
        var particulars = new ShopInstallation(shop, shop.Split('.')[0], "", null);
        try
        {
            var reply = await admin.RunAsync(shop, tokens.AccessToken, AdminDocument.Installation, null, limit.Token);
            particulars = reply is AdminReply.Done { Data: var data } ? Particulars(shop, data) : particulars;
        }
        catch (OperationCanceledException)
        {
            Log.Incomplete(logger, shop);
        }

        await shops.InstallAsync(particulars, tokens, CancellationToken.None);
        Log.Installed(logger, shop);
        return InstallationOutcome.Installed;
    }

    private static ShopInstallation Particulars(string shop, JsonElement data) => new(
        shop,
        data.GetProperty("shop").GetProperty("name").GetString()!,
        data.GetProperty("shop").GetProperty("currencyCode").GetString()!,
        data.GetProperty("currentAppInstallation").GetProperty("id").GetString());

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

        [LoggerMessage(Level = LogLevel.Information, Message = "{Shop}: Shopify did not say the shop's name in time; it is asked again.")]
        public static partial void Incomplete(ILogger logger, string shop);

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
