using System.Data;
using Microsoft.EntityFrameworkCore;

namespace ShopifyLlmGuard.Data;

/// <summary>What a reading found: what it makes of a snapshot, and the prints of the parts that it read.</summary>
internal sealed record SnapshotUpdate(Func<Snapshot, Snapshot> Apply, IReadOnlyDictionary<string, string?> Prints);

/// <summary>Reads a snapshot, or the changed parts of one, from the database, all tables as of one moment.</summary>
public sealed class SnapshotReader(IDbContextFactory<GuardDb> databases, TimeProvider clock)
{
    /// <summary>Looks at everything, and reads the parts that differ from what is known of them.</summary>
    internal Task<SnapshotUpdate> ReadAllAsync(IReadOnlyDictionary<string, string?> known, CancellationToken cancellationToken) =>
        AsOfNowAsync(async db =>
        {
            var prints = await PrintsAsync(db, SnapshotParts.All, cancellationToken);
            var differing = SnapshotParts.All.Where(part => known.GetValueOrDefault(part.Name) != prints[part.Name]);
            return new(await ReadAsync(db, [.. differing.Select(part => (part, (IReadOnlyCollection<string>?)null))], cancellationToken), prints);
        }, cancellationToken);

    /// <summary>Reads what changed, and nothing else.</summary>
    internal Task<SnapshotUpdate> ReadAsync(SnapshotChanges changes, CancellationToken cancellationToken) =>
        AsOfNowAsync(async db =>
        {
            var parts = changes.Parts.ToList();
            var prints = await PrintsAsync(db, [.. parts.Select(part => part.Part).Where(part => !part.PrintIsSlow)], cancellationToken);
            parts.Where(part => part.Part.PrintIsSlow).ToList().ForEach(part => prints[part.Part.Name] = null);
            return new(await ReadAsync(db, parts, cancellationToken), prints);
        }, cancellationToken);

    private async Task<SnapshotUpdate> AsOfNowAsync(Func<GuardDb, Task<SnapshotUpdate>> read, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        await using var moment = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        var update = await read(db);
        var now = clock.GetUtcNow();
        return update with { Apply = snapshot => update.Apply(snapshot) with { LoadedAt = now } };
    }

    private static async Task<Func<Snapshot, Snapshot>> ReadAsync(
        GuardDb db, IReadOnlyList<(SnapshotPart Part, IReadOnlyCollection<string>? Keys)> parts, CancellationToken cancellationToken)
    {
        var found = new List<Func<Snapshot, Snapshot>>();
        foreach (var (part, keys) in parts)
        {
            found.Add(await part.ReadAsync(db, keys, cancellationToken));
        }

        return snapshot => found.Aggregate(snapshot, (next, apply) => apply(next));
    }

    private static async Task<Dictionary<string, string?>> PrintsAsync(
        GuardDb db, IReadOnlyList<SnapshotPart> parts, CancellationToken cancellationToken)
    {
        if (parts.Count == 0)
        {
            return [];
        }

        var all = $"SELECT ARRAY[{string.Join(", ", parts.Select(part => part.Print))}] AS \"Value\"";
        var prints = await db.Database.SqlQueryRaw<string[]>(all).ToListAsync(cancellationToken);
        return parts.Zip(prints[0]).ToDictionary(pair => pair.First.Name, string? (pair) => pair.Second);
    }
}
