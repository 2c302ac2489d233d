using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Fallbacks;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Gateway;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Propagation;
using ShopifyLlmGuard.Releases;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Serving.Bypassing;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Data;

/// <summary>What a snapshot is made of. A new part is one line here, and its property in <see cref="Snapshot"/>.</summary>
internal static class SnapshotParts
{
    public static readonly SnapshotPart Shops = new("shops", typeof(Shop), Content("shops", "uninstalled_at IS NULL"), ReadShopsAsync)
    {
        KeyOf = row => ((Shop)row).Domain,
        PrintIsSlow = true,
    };

    public static readonly SnapshotPart Flags = new("flags", typeof(Flag), Content("flags"), ReadFlagsAsync)
    {
        KeyOf = row => ((Flag)row).Shop,
        PrintIsSlow = true,
    };

    public static readonly SnapshotPart Pins = new("pins", typeof(Pin), Content("pins", "released_at IS NULL"), ReadPinsAsync);

    public static readonly SnapshotPart Endpoints = new(
        "endpoints", typeof(EndpointStanding), Content("endpoint_standings"), ReadEndpointsAsync);

    public static readonly SnapshotPart Fallbacks = new("fallbacks", typeof(FallbackVersion), Versions("fallback_versions"), ReadFallbacksAsync)
    {
        KeyOf = row => ((FallbackVersion)row).Shop,
    };

    public static readonly SnapshotPart Keys = new("keys", typeof(GatewayKey), Content("gateway_keys", "revoked_at IS NULL"), ReadKeysAsync);

    public static readonly SnapshotPart EndpointTable = new(
        "endpoint-table", typeof(EndpointVersion), Versions("endpoint_versions"), ReadEndpointTableAsync);

    public static readonly SnapshotPart Heartbeat = new("heartbeat", typeof(Heartbeat), Versions("heartbeats"), ReadHeartbeatAsync);

    public static readonly SnapshotPart Rollouts = new("rollouts", typeof(RolloutChange), Versions("rollout_changes"), ReadRolloutsAsync);

    public static readonly SnapshotPart Bypasses = new("bypasses", typeof(BypassDecision), Content("bypass_decisions"), ReadBypassesAsync);

    public static IReadOnlyList<SnapshotPart> All { get; } =
        [Shops, Flags, Pins, Endpoints, Fallbacks, Keys, EndpointTable, Heartbeat, Rollouts, Bypasses];

    public static SnapshotPart? Find(string name) => All.FirstOrDefault(part => part.Name == name);

    public static SnapshotPart? Of(Type rows) => All.FirstOrDefault(part => part.Rows == rows);

    /// <summary>The content of every row, so that a poll also finds what was changed without a word.</summary>
    internal static string Content(string table, string rows = "true") =>
        $"(SELECT count(*) || ':' || coalesce(sum(hashtextextended(t::text, 0)), 0) FROM {GuardDb.Schema}.{table} AS t WHERE {rows})";

    /// <summary>Versions are only ever added, and deleted with their shop.</summary>
    internal static string Versions(string table) =>
        $"(SELECT count(*) || ':' || coalesce(max(id), 0) FROM {GuardDb.Schema}.{table})";

    private static async Task<Func<Snapshot, Snapshot>> ReadShopsAsync(
        GuardDb db, IReadOnlyCollection<string>? keys, CancellationToken cancellationToken)
    {
        var installed = db.Shops.Where(shop => shop.UninstalledAt == null);
        var rows = await (keys is null ? installed : installed.Where(shop => keys.Contains(shop.Domain))).ToListAsync(cancellationToken);
        var laws = new Dictionary<string, string[]>(StringComparer.Ordinal);
        var profiles = rows.Select(shop => KeyValuePair.Create(shop.Domain, new ShopProfile(
            shop.Domain, shop.Name, shop.Currency, Shared(laws, shop.Jurisdictions), shop.AppInstallationId))).ToList();
        return snapshot => snapshot with { Shops = Replaced(snapshot.Shops, keys, profiles) };
    }

    private static async Task<Func<Snapshot, Snapshot>> ReadFlagsAsync(
        GuardDb db, IReadOnlyCollection<string>? keys, CancellationToken cancellationToken)
    {
        var rows = await (keys is null ? db.Flags : db.Flags.Where(flag => keys.Contains(flag.Shop))).ToListAsync(cancellationToken);
        var flags = rows.Select(flag => KeyValuePair.Create(Snapshot.Key(flag.Shop, flag.Feature), flag.On)).ToList();
        var names = keys?.SelectMany(shop => Features.All.Select(feature => Snapshot.Key(shop, feature.Key))).ToList();
        return snapshot => snapshot with { Flags = Replaced(snapshot.Flags, names, flags) };
    }

    private static async Task<Func<Snapshot, Snapshot>> ReadPinsAsync(
        GuardDb db, IReadOnlyCollection<string>? keys, CancellationToken cancellationToken)
    {
        ImmutableArray<Pin> pins = [.. await db.Pins.Where(pin => pin.ReleasedAt == null).ToListAsync(cancellationToken)];
        return snapshot => snapshot with { Pins = pins };
    }

    private static async Task<Func<Snapshot, Snapshot>> ReadEndpointsAsync(
        GuardDb db, IReadOnlyCollection<string>? keys, CancellationToken cancellationToken)
    {
        var marks = (await db.EndpointStandings.ToListAsync(cancellationToken)).ToImmutableDictionary(
            standing => standing.Endpoint, standing => new Snapshot.EndpointMark(standing.State, standing.Detail, standing.Since));
        return snapshot => snapshot with { Endpoints = marks };
    }

    private static async Task<Func<Snapshot, Snapshot>> ReadFallbacksAsync(
        GuardDb db, IReadOnlyCollection<string>? keys, CancellationToken cancellationToken)
    {
        var newest = db.FallbackVersions.Where(version =>
            !db.FallbackVersions.Any(later => later.Shop == version.Shop && later.Id > version.Id));
        var rows = await (keys is null ? newest : newest.Where(version => keys.Contains(version.Shop))).ToListAsync(cancellationToken);
        var pool = new FallbackPool();
        var contents = rows.Select(version => KeyValuePair.Create(version.Shop, pool.Share(version.Content))).ToList();
        return snapshot => snapshot with { Fallbacks = Replaced(snapshot.Fallbacks, keys, contents) };
    }

    private static async Task<Func<Snapshot, Snapshot>> ReadKeysAsync(
        GuardDb db, IReadOnlyCollection<string>? keys, CancellationToken cancellationToken)
    {
        var rows = await db.GatewayKeys.Where(key => key.RevokedAt == null).ToListAsync(cancellationToken);
        var profiles = rows.ToImmutableDictionary(key => key.Id, key => new GatewayKeyProfile(
            key.Id, key.Hash, [.. key.Jurisdictions], key.PerMinute, key.AtOnce, key.ExpiresAt));
        return snapshot => snapshot with { Keys = profiles };
    }

    private static async Task<Func<Snapshot, Snapshot>> ReadEndpointTableAsync(
        GuardDb db, IReadOnlyCollection<string>? keys, CancellationToken cancellationToken)
    {
        ImmutableArray<EndpointVersion> versions = [.. await db.EndpointVersions
            .Where(version => !db.EndpointVersions.Any(later => later.Endpoint == version.Endpoint && later.Id > version.Id))
            .ToListAsync(cancellationToken)];
        return snapshot => snapshot with { EndpointTable = versions };
    }

    private static async Task<Func<Snapshot, Snapshot>> ReadHeartbeatAsync(
        GuardDb db, IReadOnlyCollection<string>? keys, CancellationToken cancellationToken)
    {
        var newest = await db.Heartbeats.MaxAsync(beat => (long?)beat.Id, cancellationToken) ?? 0;
        return snapshot => snapshot with { Heartbeat = newest };
    }

    private static async Task<Func<Snapshot, Snapshot>> ReadRolloutsAsync(
        GuardDb db, IReadOnlyCollection<string>? keys, CancellationToken cancellationToken)
    {
        var last = await db.RolloutChanges
            .Where(change => !db.RolloutChanges.Any(later => later.Feature == change.Feature && later.Id > change.Id))
            .ToListAsync(cancellationToken);
        var named = last.SelectMany(change => (string?[])[change.Stable, change.Previous, change.Candidate]).OfType<string>().ToList();
        var known = await db.Releases.Where(release => named.Contains(release.Id)).ToDictionaryAsync(release => release.Id, cancellationToken);
        var rollouts = last.ToImmutableDictionary(change => change.Feature, change =>
        {
            Release? Find(string? id) => id is null ? null : known.GetValueOrDefault(id) ?? Release.BuiltInOf(change.Feature);
            return new Rollout(
                Find(change.Stable)!, Find(change.Previous), Find(change.Candidate), change.Percent, change.IsAutomatic, change.Step, change.At);
        });
        return snapshot => snapshot with { Rollouts = rollouts };
    }

    private static async Task<Func<Snapshot, Snapshot>> ReadBypassesAsync(
        GuardDb db, IReadOnlyCollection<string>? keys, CancellationToken cancellationToken)
    {
        ImmutableArray<BypassDecision> decisions = [.. await db.BypassDecisions.FromSql(
            $"SELECT DISTINCT ON (shop) * FROM guard.bypass_decisions ORDER BY shop, at DESC, id DESC").ToListAsync(cancellationToken)];
        return snapshot => snapshot with { Bypasses = decisions };
    }

    // Rows that were asked for and are not there are gone.
    private static ImmutableDictionary<string, T> Replaced<T>(
        ImmutableDictionary<string, T> old, IReadOnlyCollection<string>? keys, List<KeyValuePair<string, T>> rows) =>
        keys is null ? ImmutableDictionary.CreateRange(rows) : old.RemoveRange(keys).SetItems(rows);

    // Ten thousand shops allow the same two jurisdictions.
    private static string[] Shared(Dictionary<string, string[]> known, List<string> jurisdictions)
    {
        var key = string.Join(' ', jurisdictions);
        return known.TryGetValue(key, out var shared) ? shared : known[key] = [.. jurisdictions];
    }
}
