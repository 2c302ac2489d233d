using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Compliance;

/// <summary>What the verification of a shop's evidence found.</summary>
/// <param name="Records">How many sealed records there are.</param>
/// <param name="Chains">In how many chains.</param>
/// <param name="Problems">Everything that is wrong with them; empty when they are sound and complete.</param>
public sealed record EvidenceReport(int Records, int Chains, IReadOnlyList<EvidenceProblem> Problems);

/// <summary>Where a compliance officer has the residency evidence verified.</summary>
public sealed class EvidenceDesk
{
    /// <summary>Attempt records are deleted after this time.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(180);

    private readonly IDbContextFactory<GuardDb> databases;
    private readonly EvidenceKeys keys;
    private readonly TimeProvider clock;

    internal EvidenceDesk(IDbContextFactory<GuardDb> databases, EvidenceKeys keys, TimeProvider clock) =>
        (this.databases, this.keys, this.clock) = (databases, keys, clock);

    /// <summary>Verifies all chains of a shop, or of all shops.</summary>
    public async Task<EvidenceReport> VerifyAsync(string? shop = null, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        await using var moment = await db.Database.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        var heads = await db.EvidenceHeads.Where(head => shop == null || head.Shop == shop)
            .ToDictionaryAsync(head => head.Chain, cancellationToken);
        var chains = await db.Attempts.Where(record => record.Chain != null && (shop == null || record.Shop == shop))
            .Select(record => record.Chain!).Distinct().ToListAsync(cancellationToken);
        List<EvidenceProblem> problems = [];
        var count = 0;
        foreach (var chain in chains.Union(heads.Keys).Order(StringComparer.Ordinal))
        {
            var records = await db.Attempts.Where(record => record.Chain == chain)
                .OrderBy(record => record.Sequence).ToListAsync(cancellationToken);
            count += records.Count;
            problems.AddRange(EvidenceCheck.Problems(records, heads.GetValueOrDefault(chain), keys, clock.GetUtcNow() - Kept));
        }

        return new EvidenceReport(count, chains.Count, problems);
    }
}
