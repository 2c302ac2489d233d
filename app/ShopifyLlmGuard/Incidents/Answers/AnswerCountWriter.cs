using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Incidents.Answers;

/// <summary>Stores counts of answers every few seconds, off the hot path, and forgets old ones.</summary>
internal sealed partial class AnswerCountWriter(
    AnswerCounts counts, IDbContextFactory<GuardDb> databases, IOptions<IncidentOptions> options, TimeProvider clock, ILogger<AnswerCountWriter> logger)
    : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TidyEvery = TimeSpan.FromHours(1);
    private DateTimeOffset tidied;
    private bool isFailing;

    /// <summary>Stores what is counted now. Throws what the database throws; the counts then wait for the next time.</summary>
    internal async Task StoreAsync(CancellationToken cancellationToken)
    {
        var taken = counts.Take();
        if (taken.Count == 0)
        {
            return;
        }

        try
        {
            await using var db = await databases.CreateDbContextAsync(cancellationToken);

            // In one order on every server, so that two of them never wait for each other's rows.
            var rows = taken.OrderBy(row => (row.Shop, row.Minute, row.Feature, row.Source, row.Reason)).ToList();
            await db.Database.ExecuteSqlAsync(
                $"""
                 INSERT INTO guard.answer_minutes (shop, minute, feature, source, reason, count)
                 SELECT * FROM unnest(
                     {rows.Select(row => row.Shop).ToArray()}, {rows.Select(row => row.Minute).ToArray()}, {rows.Select(row => row.Feature).ToArray()},
                     {rows.Select(row => row.Source).ToArray()}, {rows.Select(row => row.Reason).ToArray()}, {rows.Select(row => row.Count).ToArray()})
                 ON CONFLICT (shop, minute, feature, source, reason) DO UPDATE SET count = answer_minutes.count + EXCLUDED.count
                 """, cancellationToken);
        }
        catch
        {
            counts.PutBack(taken);
            throw;
        }
    }

    /// <summary>Deletes counts that are too old, unless they belong to an incident.</summary>
    internal async Task TidyAsync(CancellationToken cancellationToken)
    {
        tidied = clock.GetUtcNow();
        var before = tidied - options.Value.KeepAnswers;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"""
             DELETE FROM guard.answer_minutes AS row WHERE row.minute < {before} AND NOT EXISTS (
                 SELECT 1 FROM guard.incident_impacts AS impact
                 WHERE impact.shop = row.shop AND impact.feature = row.feature AND impact."from" < row.minute + interval '1 minute'
                     AND (impact.until IS NULL OR impact.until >= row.minute))
             """, cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The last ones before a stop.
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2), clock);
            await TryAsync(limit.Token);
        }
    }

    private async Task TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            await StoreAsync(cancellationToken);
            if (clock.GetUtcNow() - tidied >= TidyEvery)
            {
                await TidyAsync(cancellationToken);
            }

            isFailing = false;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            if (!isFailing)
            {
                isFailing = true;
                Log.Waits(logger, exception.GetBaseException().GetType().Name);
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops and the database does not answer.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Counts of answers cannot be stored ({Problem}); they wait in memory.")]
        public static partial void Waits(ILogger logger, string problem);
    }
}
