using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Compliance;

/// <summary>What the verification of the audit trail found.</summary>
/// <param name="Entries">How many entries there are.</param>
/// <param name="LastSequence">The place of the last one; 0 for an empty trail.</param>
/// <param name="LastSeal">Its seal in hexadecimal digits, to be kept outside the database; null for an empty trail.</param>
/// <param name="Problems">Everything that is wrong; empty when the trail is sound and complete.</param>
public sealed record AuditReport(int Entries, long LastSequence, string? LastSeal, IReadOnlyList<AuditProblem> Problems);

/// <summary>Where the audit trail is verified, and where a deleted shop's words are taken out of it.</summary>
public sealed class AuditDesk
{
    private readonly IDbContextFactory<GuardDb> databases;
    private readonly EvidenceKeys keys;
    private readonly AuditTrail trail;

    internal AuditDesk(IDbContextFactory<GuardDb> databases, EvidenceKeys keys, AuditTrail trail) =>
        (this.databases, this.keys, this.trail) = (databases, keys, trail);

    /// <summary>Verifies the whole trail as of one moment.</summary>
    /// <param name="kept">A place and its seal that somebody kept outside the database; null when nobody did.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<AuditReport> VerifyAsync((long Sequence, string Seal)? kept = null, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        await using var moment = await db.Database.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        var entries = await db.AuditEntries.OrderBy(entry => entry.Sequence).ToListAsync(cancellationToken);
        var words = await db.AuditWords.ToDictionaryAsync(each => each.Sequence, cancellationToken);
        var head = await db.AuditHeads.FirstOrDefaultAsync(cancellationToken);
        var problems = AuditCheck.Problems(entries, words, head, keys).ToList();
        if (kept is var (sequence, seal) && !IsAsKept(entries, sequence, seal))
        {
            problems.Add(new AuditProblem(sequence, AuditCheck.NotAsKept));
        }

        var last = entries.LastOrDefault();
        return new AuditReport(entries.Count, last?.Sequence ?? 0, last is null ? null : Convert.ToHexStringLower(last.Seal), problems);
    }

    /// <summary>Deletes a shop's words in the current transaction; the entries stay, and one more says which were emptied.</summary>
    /// <returns>How many entries lost their words.</returns>
    internal async Task<int> ForgetAsync(GuardDb db, string shop, CancellationToken cancellationToken)
    {
        var places = await db.AuditWords.Where(words => words.Shop == shop).OrderBy(words => words.Sequence)
            .Select(words => words.Sequence).ToListAsync(cancellationToken);
        if (places.Count == 0)
        {
            return 0;
        }

        // The table's trigger lets nobody delete who does not say this.
        await db.Database.ExecuteSqlRawAsync("SET LOCAL guard.forgets = 'on'", cancellationToken);
        await db.AuditWords.Where(words => places.Contains(words.Sequence)).ExecuteDeleteAsync(cancellationToken);
        await db.Database.ExecuteSqlRawAsync("SET LOCAL guard.forgets = 'off'", cancellationToken);
        await trail.AppendAsync(db, new AuditNote(
            AuditActions.ShopRedacted, null, "Shopify", "a shop", $"the words of {places.Count} entries were deleted with their shop")
        {
            Forgets = string.Join(',', places),
        }, cancellationToken);
        return places.Count;
    }

    private static bool IsAsKept(List<AuditEntry> entries, long sequence, string seal) => entries.Any(entry =>
        entry.Sequence == sequence && Convert.ToHexString(entry.Seal).Equals(seal, StringComparison.OrdinalIgnoreCase));
}
