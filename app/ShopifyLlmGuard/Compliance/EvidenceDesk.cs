using System.Data;
using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Privacy;

namespace ShopifyLlmGuard.Compliance;

/// <summary>What the verification of the evidence found.</summary>
/// <param name="Records">How many sealed records there are.</param>
/// <param name="Chains">In how many chains.</param>
/// <param name="ProblemCount">How many things are wrong with them; none when they are sound and complete.</param>
/// <param name="Problems">The first ones of these.</param>
public sealed record EvidenceReport(long Records, long Chains, long ProblemCount, IReadOnlyList<EvidenceProblem> Problems);

/// <summary>Where a compliance officer has the residency evidence verified.</summary>
public sealed class EvidenceDesk
{
    /// <summary>Attempt records are deleted after this time.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(180);

    private const int Page = 500, MostNamed = 1000;
    private readonly IDbContextFactory<GuardDb> databases;
    private readonly EvidenceKeys keys;
    private readonly TimeProvider clock;

    internal EvidenceDesk(IDbContextFactory<GuardDb> databases, EvidenceKeys keys, TimeProvider clock) =>
        (this.databases, this.keys, this.clock) = (databases, keys, clock);

    /// <summary>Verifies all chains of a shop or of a gateway key (<c>key:</c> and its id), or all there are. Holds one record at a time.</summary>
    /// <param name="shop">Whose; null for everybody's.</param>
    /// <param name="receipts">What <see cref="ReceiptsAsync"/> gave out before: then a chain that is gone or was cut is found, too.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<EvidenceReport> VerifyAsync(
        string? shop = null, IEnumerable<string>? receipts = null, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var moment = await BeginAsync(db, cancellationToken);
        var (records, chains, problems) = (0L, 0L, new List<EvidenceProblem>());
        var count = 0L;
        await foreach (var name in NamesAsync(db, shop, cancellationToken))
        {
            chains++;
            records += await WalkAsync(db, name, Note, cancellationToken);
        }

        foreach (var receipt in receipts ?? [])
        {
            Note(await ReceiptProblemAsync(db, receipt, cancellationToken));
        }

        return new EvidenceReport(records, chains, count, problems);

        void Note(EvidenceProblem? problem)
        {
            count += problem is null ? 0 : 1;
            problems.AddRange(problem is null || problems.Count >= MostNamed ? [] : [problem]);
        }
    }

    /// <summary>Where every chain ends now, as lines of text to keep elsewhere.</summary>
    public async IAsyncEnumerable<string> ReceiptsAsync(
        string? shop = null, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await foreach (var head in db.EvidenceHeads.AsNoTracking().Where(head => shop == null || head.Shop == shop).OrderBy(head => head.Chain)
            .AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            yield return EvidenceReceipt.Of(head);
        }
    }

    // Servers go on writing meanwhile; what is read here is all of one moment.
    private static Task<Microsoft.EntityFrameworkCore.Storage.IDbContextTransaction> BeginAsync(GuardDb db, CancellationToken cancellationToken)
    {
        db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        db.Database.SetCommandTimeout(TimeSpan.FromMinutes(5));
        return db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
    }

    // Every start of a server begins a chain for every shop, so that there are many.
    private static async IAsyncEnumerable<string> NamesAsync(
        GuardDb db, string? shop, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var all = db.EvidenceHeads.Where(head => shop == null || head.Shop == shop).Select(head => head.Chain)
            .Union(db.Attempts.Where(record => record.Chain != null && (shop == null || record.Shop == shop)).Select(record => record.Chain!));
        for (var page = await all.Order().Take(Page).ToListAsync(cancellationToken); page.Count > 0;)
        {
            foreach (var name in page)
            {
                yield return name;
            }

            var last = page[^1];
            page = await all.Where(name => string.Compare(name, last) > 0).Order().Take(Page).ToListAsync(cancellationToken);
        }
    }

    private async Task<long> WalkAsync(GuardDb db, string chain, Action<EvidenceProblem?> note, CancellationToken cancellationToken)
    {
        var walk = new EvidenceWalk(chain, keys, clock.GetUtcNow() - Kept);
        var count = 0L;
        await foreach (var record in db.Attempts.Where(record => record.Chain == chain).OrderBy(record => record.Sequence)
            .AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            count++;
            note(walk.Take(record));
        }

        note(walk.End(await db.EvidenceHeads.SingleOrDefaultAsync(head => head.Chain == chain, cancellationToken)));
        return count;
    }

    private async Task<EvidenceProblem?> ReceiptProblemAsync(GuardDb db, string line, CancellationToken cancellationToken)
    {
        var held = EvidenceReceipt.Read(line);
        if (held is null || !EvidenceSeal.Fits(held.Seal, key => EvidenceSeal.Of(held, key), keys))
        {
            return new EvidenceProblem(held?.Chain ?? "", held?.Sequence ?? 0, EvidenceCheck.ReceiptChanged);
        }

        // Evidence of before the shop's redaction was deleted with it, and that is on record.
        if (held.At < clock.GetUtcNow() - Kept || await db.PrivacyRecords.AnyAsync(
            done => done.Shop == held.Shop && done.Kind == PrivacyRecord.ShopRedaction && done.At >= held.At, cancellationToken))
        {
            return null;
        }

        if (!await db.EvidenceHeads.AnyAsync(head => head.Chain == held.Chain, cancellationToken))
        {
            return new EvidenceProblem(held.Chain, held.Sequence, EvidenceCheck.ChainMissing);
        }

        var record = await db.Attempts.SingleOrDefaultAsync(one => one.Chain == held.Chain && one.Sequence == held.Sequence, cancellationToken);
        return record?.Seal is { } seal && held.LastSeal.AsSpan().SequenceEqual(seal) ? null
            : new EvidenceProblem(held.Chain, held.Sequence, EvidenceCheck.Shortened);
    }
}
