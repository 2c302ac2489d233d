using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Flags;

/// <summary>Turns merchants' switches. When a call returns, this server decides by it; the others within a notification.</summary>
public sealed class FlagBoard(IDbContextFactory<GuardDb> databases, ServingLedger ledger, AuditTrail trail, TimeProvider clock)
{
    /// <summary>Sets a flag and records who did it and why, in one transaction. Setting it as it is records nothing.</summary>
    /// <exception cref="ArgumentException">The feature does not exist.</exception>
    public async Task SetAsync(
        string shop, string feature, bool on, string actor, string reason, CancellationToken cancellationToken = default)
    {
        var known = Features.Find(feature) ?? throw new ArgumentException($"There is no feature '{feature}'.", nameof(feature));
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var flag = await db.Flags.FindAsync([shop, feature], cancellationToken);
        if ((flag?.On ?? known.OnByDefault) == on)
        {
            return;
        }

        if (flag is null)
        {
            db.Flags.Add(new Flag { Shop = shop, Feature = feature, On = on });
        }
        else
        {
            flag.On = on;
        }

        db.FlagChanges.Add(new FlagChange
        {
            Shop = shop, Feature = feature, On = on, Actor = actor, Reason = reason, At = DatabaseTime.Of(clock),
        });
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await trail.AppendAsync(db, new AuditNote(AuditActions.FlagTurned, shop, actor, feature, on ? "on" : "off", reason), cancellationToken);
        await db.SaveAndTellAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        await ledger.RecordAsync(cancellationToken);
    }
}
