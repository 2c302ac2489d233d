using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Fallbacks;

/// <summary>A shop's fallback content: read from memory, saved as a new version.</summary>
public sealed class FallbackBoard(IDbContextFactory<GuardDb> databases, Snapshots snapshots, AuditTrail trail, TimeProvider clock)
{
    /// <summary>What stands now: the merchant's own, or the default.</summary>
    public FallbackContent Read(string shop) => snapshots.Current.Fallbacks.GetValueOrDefault(shop) ?? FallbackContent.Default;

    /// <summary>Saves a new version. Returns the mistakes, each a sentence for the merchant; none means saved.</summary>
    public async Task<IReadOnlyList<string>> SaveAsync(
        string shop, FallbackContent content, string actor, CancellationToken cancellationToken = default)
    {
        var mistakes = FallbackRules.Check(content);
        if (mistakes.Count > 0 || content.Equals(Read(shop)))
        {
            return mistakes;
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await Outbox.AskAsync(db, shop, products: false, cancellationToken);
        var version = new FallbackVersion { Shop = shop, Content = content, Author = actor, SavedAt = DatabaseTime.Of(clock) };
        db.FallbackVersions.Add(version);
        await db.SaveChangesAsync(cancellationToken);
        await trail.AppendAsync(db, new AuditNote(AuditActions.FallbackSaved, shop, actor, "fallback content", $"version {version.Id}"), cancellationToken);
        await db.SaveAndTellAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        await snapshots.RefreshAsync(cancellationToken);
        return [];
    }

    /// <summary>The last versions, newest first.</summary>
    public async Task<IReadOnlyList<FallbackVersion>> VersionsAsync(
        string shop, int limit = 20, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.FallbackVersions.AsNoTracking().Where(version => version.Shop == shop)
            .OrderByDescending(version => version.Id).Take(limit).ToListAsync(cancellationToken);
    }

    /// <summary>Saves an earlier version's content as the newest one. False when the shop has no such version.</summary>
    public async Task<bool> RestoreAsync(string shop, long version, string actor, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var earlier = await db.FallbackVersions.AsNoTracking()
            .FirstOrDefaultAsync(v => v.Shop == shop && v.Id == version, cancellationToken);
        return earlier is not null && (await SaveAsync(shop, earlier.Content, actor, cancellationToken)).Count == 0;
    }
}
