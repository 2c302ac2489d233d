using System.Collections.Immutable;
using System.Data;
using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Gateway;
using ShopifyLlmGuard.Releases;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Data;

/// <summary>Reads a snapshot from the database, all tables as of one moment.</summary>
public sealed class SnapshotReader(IDbContextFactory<GuardDb> databases, TimeProvider clock)
{
    internal async Task<Snapshot> ReadAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        await using var moment = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        return new Snapshot(
            clock.GetUtcNow(),
            await ShopsAsync(db, cancellationToken),
            await FlagsAsync(db, cancellationToken),
            [.. await db.Pins.Where(pin => pin.ReleasedAt == null).ToListAsync(cancellationToken)],
            (await db.EndpointStandings.ToListAsync(cancellationToken)).ToImmutableDictionary(
                standing => standing.Endpoint, standing => new Snapshot.EndpointMark(standing.State, standing.Detail, standing.Since)),
            (await db.FallbackVersions
                .Where(version => !db.FallbackVersions.Any(later => later.Shop == version.Shop && later.Id > version.Id))
                .ToListAsync(cancellationToken)).ToImmutableDictionary(version => version.Shop, version => version.Content),
            await ServingAsync(db, cancellationToken))
        {
            Keys = await KeysAsync(db, cancellationToken),
            Rollouts = await RolloutsAsync(db, cancellationToken),
            EndpointTable = [.. await db.EndpointVersions
                .Where(version => !db.EndpointVersions.Any(later => later.Endpoint == version.Endpoint && later.Id > version.Id))
                .ToListAsync(cancellationToken)],
        };
    }

    private static async Task<ImmutableDictionary<string, ShopProfile>> ShopsAsync(GuardDb db, CancellationToken cancellationToken)
    {
        var shops = await db.Shops.Where(shop => shop.UninstalledAt == null).ToListAsync(cancellationToken);
        return shops.ToImmutableDictionary(shop => shop.Domain, shop => new ShopProfile(
            shop.Domain, shop.Name, shop.Currency, [.. shop.Jurisdictions], shop.AppInstallationId));
    }

    private static async Task<ImmutableDictionary<string, GatewayKeyProfile>> KeysAsync(GuardDb db, CancellationToken cancellationToken)
    {
        var keys = await db.GatewayKeys.Where(key => key.RevokedAt == null).ToListAsync(cancellationToken);
        return keys.ToImmutableDictionary(key => key.Id, key => new GatewayKeyProfile(
            key.Id, key.Hash, [.. key.Jurisdictions], key.PerMinute, key.AtOnce, key.ExpiresAt));
    }

    private static async Task<ImmutableDictionary<string, Rollout>> RolloutsAsync(GuardDb db, CancellationToken cancellationToken)
    {
        var last = await db.RolloutChanges
            .Where(change => !db.RolloutChanges.Any(later => later.Feature == change.Feature && later.Id > change.Id))
            .ToListAsync(cancellationToken);
        var named = last.SelectMany(change => (string?[])[change.Stable, change.Previous, change.Candidate]).OfType<string>().ToList();
        var known = await db.Releases.Where(release => named.Contains(release.Id)).ToDictionaryAsync(release => release.Id, cancellationToken);
        return last.ToImmutableDictionary(change => change.Feature, change =>
        {
            Release? Find(string? id) => id is null ? null : known.GetValueOrDefault(id) ?? Release.BuiltInOf(change.Feature);
            return new Rollout(
                Find(change.Stable)!, Find(change.Previous), Find(change.Candidate), change.Percent, change.IsAutomatic, change.Step, change.At);
        });
    }

    private static async Task<ImmutableDictionary<string, bool>> FlagsAsync(GuardDb db, CancellationToken cancellationToken) =>
        (await db.Flags.ToListAsync(cancellationToken))
            .ToImmutableDictionary(flag => Snapshot.Key(flag.Shop, flag.Feature), flag => flag.On);

    private static async Task<ImmutableDictionary<string, Snapshot.ServingMark>> ServingAsync(
        GuardDb db, CancellationToken cancellationToken)
    {
        var last = await db.ServingChanges
            .Where(change => !db.ServingChanges.Any(later =>
                later.Shop == change.Shop && later.Feature == change.Feature && later.Id > change.Id))
            .ToListAsync(cancellationToken);
        return last.ToImmutableDictionary(
            change => Snapshot.Key(change.Shop, change.Feature),
            change => new Snapshot.ServingMark(change.Mode, change.Reason, change.At));
    }
}
