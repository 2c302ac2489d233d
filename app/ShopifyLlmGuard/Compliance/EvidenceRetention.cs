using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Compliance;

/// <summary>
/// Deletes evidence whose time is over, oldest first, so that what stays of a chain is its end; and the heads of chains that are
/// then empty. In portions by the index on time: no delete holds anything up, however much there is.
/// </summary>
public sealed class EvidenceRetention
{
    private const int MostAtOnce = 5000;
    private readonly IDbContextFactory<GuardDb> databases;
    private readonly TimeProvider clock;

    internal EvidenceRetention(IDbContextFactory<GuardDb> databases, TimeProvider clock) => (this.databases, this.clock) = (databases, clock);

    /// <summary>Deletes all of it. Throws what the database throws; what is deleted by then stays so.</summary>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        var before = clock.GetUtcNow() - EvidenceDesk.Kept;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        while (await db.Attempts.Where(attempt => attempt.At < before).OrderBy(attempt => attempt.At).ThenBy(attempt => attempt.Id)
            .Take(MostAtOnce).ExecuteDeleteAsync(cancellationToken) == MostAtOnce)
        {
            // There is more.
        }

        while (await db.EvidenceHeads.Where(head => head.At < before).OrderBy(head => head.At)
            .Take(MostAtOnce).ExecuteDeleteAsync(cancellationToken) == MostAtOnce)
        {
            // There is more.
        }
    }
}
