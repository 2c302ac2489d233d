using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.Compliance;

/// <summary>Seals and stores attempt records in batches. While the database is away, records wait in memory, as many as fit.</summary>
internal sealed partial class EvidenceWriter(
    AttemptLog log, EvidenceChains chains, IDbContextFactory<GuardDb> databases, GuardMeter meter, TimeProvider clock,
    ILogger<EvidenceWriter> logger) : BackgroundService
{
    private const int Batch = 500;
    private static readonly TimeSpan Collect = TimeSpan.FromMilliseconds(500);
    private List<AttemptRecord> batch = [];
    private IReadOnlyList<EvidenceHead>? heads;
    private bool isFailing;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (batch.Count > 0 || await log.Waiting.WaitToReadAsync(stoppingToken))
            {
                await StoreAsync(stoppingToken);
                if (isFailing || log.Waiting.Count < Batch)
                {
                    await Task.Delay(Collect, clock, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            await StoreRestAsync();
        }
    }

    // The last ones before a stop; what cannot be stored now is lost, and counted.
    private async Task StoreRestAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(3), clock);
        try
        {
            do
            {
                await StoreAsync(limit.Token);
            }
            while (!isFailing && log.Waiting.TryPeek(out _));
        }
        catch (OperationCanceledException)
        {
            // Counted below.
        }

        meter.RecordsDropped(batch.Count);
    }

    private async Task StoreAsync(CancellationToken cancellationToken)
    {
        // A batch that failed is tried again as it was: it may be there already.
        while (heads is null && batch.Count < Batch && log.Waiting.TryRead(out var record))
        {
            batch.Add(record);
        }

        try
        {
            await WriteAsync(cancellationToken);
            (batch, heads, isFailing) = ([], null, false);
        }
        catch (DbUpdateConcurrencyException)
        {
            // A chain was deleted with its shop just now; the records go on a new one.
            heads = null;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Told(exception);
        }
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        if (batch.Count == 0)
        {
            return;
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var known = chains.ChainsOf(batch);
        var stored = await db.EvidenceHeads.Where(head => known.Contains(head.Chain)).Select(head => head.Chain).ToListAsync(cancellationToken);
        heads ??= chains.Seal(batch, stored);
        foreach (var head in heads)
        {
            db.Entry(head).State = stored.Contains(head.Chain) ? EntityState.Modified : EntityState.Added;
        }

        await SaveOnceAsync(db, cancellationToken);
        chains.Stored(heads);
    }

    // A connection that broke during the commit leaves open whether it happened; the second try then meets its own records.
    private async Task SaveOnceAsync(GuardDb db, CancellationToken cancellationToken)
    {
        try
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            await db.CopyAsync(batch, cancellationToken);
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
        catch (Exception exception) when (exception.GetBaseException() is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            // They are there.
        }
    }

    private void Told(Exception exception)
    {
        if (!isFailing)
        {
            isFailing = true;
            Log.Waits(logger, exception.GetBaseException().GetType().Name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Attempt records cannot be stored ({Problem}); they wait in memory.")]
        public static partial void Waits(ILogger logger, string problem);
    }
}
