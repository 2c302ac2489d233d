using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Shops;

/// <summary>What is known when a merchant installs the app, or opens it again.</summary>
/// <param name="Domain">E.g. <c>carewell.myshopify.com</c>.</param>
/// <param name="Name">The shop's name.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="AppInstallationId">The GID that owns the app-data metafields.</param>
public sealed record ShopInstallation(string Domain, string Name, string Currency, string? AppInstallationId);

/// <summary>The shops that have the app, and their tokens.</summary>
public sealed class ShopRegistry(
    IDbContextFactory<GuardDb> databases, Snapshots snapshots, ServingLedger ledger, TokenVault vault, TimeProvider clock)
{
    /// <summary>Installs a shop, or brings a known one up to date; a shop that had left is back.</summary>
    /// <param name="installation">What Shopify said about the shop.</param>
    /// <param name="tokens">The tokens of an exchange; null keeps the stored ones.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task InstallAsync(ShopInstallation installation, ShopTokens? tokens, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await LockAsync(db, installation.Domain, cancellationToken);
        var shop = await db.Shops.FindAsync([installation.Domain], cancellationToken);
        if (shop is null)
        {
            db.Shops.Add(shop = new Shop
            {
                Domain = installation.Domain, Name = installation.Name, Currency = installation.Currency,
                InstalledAt = DatabaseTime.Of(clock),
            });
        }

        shop.InstalledAt = shop.UninstalledAt is null ? shop.InstalledAt : DatabaseTime.Of(clock);
        shop.UninstalledAt = null;
        (shop.Name, shop.Currency) = (installation.Name, installation.Currency);
        shop.AppInstallationId = installation.AppInstallationId ?? shop.AppInstallationId;
        if (tokens is not null)
        {
            await StoreAsync(db, installation.Domain, tokens, cancellationToken);
        }

        await Outbox.AskAsync(db, installation.Domain, products: true, cancellationToken);
        await db.SaveAndTellAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        await ledger.RecordAsync(cancellationToken);
    }

    /// <summary>The shop's row, also of one that has left; null when it was never here.</summary>
    public async Task<Shop?> FindAsync(string domain, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Shops.AsNoTracking().FirstOrDefaultAsync(shop => shop.Domain == domain, cancellationToken);
    }

    /// <summary>The shop from memory, as decisions and prompts see it; null when it does not have the app.</summary>
    public ShopProfile? Profile(string domain) => snapshots.Current.Shops.GetValueOrDefault(domain);

    /// <summary>The shop's tokens; null when there are none, or when no key opens them any more.</summary>
    public async Task<ShopTokens?> TokensAsync(string domain, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return Open(await db.ShopTokens.AsNoTracking().FirstOrDefaultAsync(row => row.Shop == domain, cancellationToken));
    }

    /// <summary>
    /// Renews a shop's tokens while no other server can: every new token kills the other refresh tokens. The callback gets
    /// the tokens as they are now (another server may just have renewed them) and returns the ones to store, or null to keep
    /// them. Returns what is stored afterwards.
    /// </summary>
    public async Task<ShopTokens?> RenewAsync(
        string domain, Func<ShopTokens?, CancellationToken, Task<ShopTokens?>> renew, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await LockAsync(db, domain, cancellationToken);
        var stored = Open(await db.ShopTokens.FirstOrDefaultAsync(row => row.Shop == domain, cancellationToken));
        var renewed = await renew(stored, cancellationToken);
        if (renewed is null || renewed == stored)
        {
            return stored;
        }

        // The old refresh token is already dead: from here on, giving up would lose the shop.
        await StoreAsync(db, domain, renewed, CancellationToken.None);
        await db.SaveChangesAsync(CancellationToken.None);
        await transaction.CommitAsync(CancellationToken.None);
        return renewed;
    }

    /// <summary>The merchant removed the app: tokens go, the rest stays until the shop is redacted.</summary>
    /// <param name="domain">The shop.</param>
    /// <param name="triggeredAt">When it happened; a message older than the present installation changes nothing.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether anything changed.</returns>
    public async Task<bool> UninstallAsync(string domain, DateTimeOffset triggeredAt, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await LockAsync(db, domain, cancellationToken);
        var left = await db.Shops
            .Where(shop => shop.Domain == domain && shop.UninstalledAt == null && shop.InstalledAt <= triggeredAt)
            .ExecuteUpdateAsync(shop => shop.SetProperty(s => s.UninstalledAt, DatabaseTime.Of(clock)), cancellationToken);
        if (left == 0)
        {
            return false;
        }

        await db.ShopTokens.Where(row => row.Shop == domain).ExecuteDeleteAsync(cancellationToken);
        await db.PublishedMetafields.Where(row => row.Shop == domain).ExecuteDeleteAsync(cancellationToken);
        await db.Outbox.Where(row => row.Shop == domain).ExecuteDeleteAsync(cancellationToken);
        await db.SaveAndTellAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        await snapshots.RefreshAsync(cancellationToken);
        return true;
    }

    // One lock per shop over all servers; it ends with the transaction, also when this process dies.
    internal static async Task<IDbContextTransaction> LockAsync(
        GuardDb db, string domain, CancellationToken cancellationToken)
    {
        var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({"shop " + domain}, 0))", cancellationToken);
        return transaction;
    }

    private async Task StoreAsync(GuardDb db, string domain, ShopTokens tokens, CancellationToken cancellationToken)
    {
        await db.ShopTokens.Where(row => row.Shop == domain).ExecuteDeleteAsync(cancellationToken);
        db.ChangeTracker.Entries<ShopTokenRow>().ToList().ForEach(entry => entry.State = EntityState.Detached);
        db.ShopTokens.Add(new ShopTokenRow
        {
            Shop = domain,
            AccessToken = vault.Seal(domain, tokens.AccessToken),
            AccessExpiresAt = tokens.AccessExpiresAt,
            RefreshToken = vault.Seal(domain, tokens.RefreshToken),
            RefreshExpiresAt = tokens.RefreshExpiresAt,
            Scope = tokens.Scope,
        });
    }

    private ShopTokens? Open(ShopTokenRow? row) =>
        row is not null && vault.Open(row.Shop, row.AccessToken) is { } access && vault.Open(row.Shop, row.RefreshToken) is { } refresh
            ? new ShopTokens(access, row.AccessExpiresAt, refresh, row.RefreshExpiresAt, row.Scope)
            : null;
}
