namespace ShopifyLlmGuard.Data;

/// <summary>One part of the snapshot: which rows it is made of, how to see that they changed, and how to read them.</summary>
/// <param name="Name">The word for it in notifications: servers of two versions speak it with each other.</param>
/// <param name="Rows">The entity.</param>
/// <param name="Print">SQL for one text: as long as it is the same, so are the rows.</param>
/// <param name="ReadAsync">Reads the rows with these keys, or all, and says what they make of a snapshot.</param>
internal sealed record SnapshotPart(string Name, Type Rows, string Print, SnapshotPart.Reading ReadAsync)
{
    public delegate Task<Func<Snapshot, Snapshot>> Reading(
        GuardDb db, IReadOnlyCollection<string>? keys, CancellationToken cancellationToken);

    /// <summary>The key of a row, for a part that is so large that only the changed rows are read; null reads it whole.</summary>
    public Func<object, string>? KeyOf { get; init; }

    /// <summary>Whether its print takes longer than reading a few rows: then only a look at everything asks for it.</summary>
    public bool PrintIsSlow { get; init; }
}
