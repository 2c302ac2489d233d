using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Propagation;

/// <summary>Writes a heartbeat when the last one is old enough. Every server looks; the one that gets the lock writes.</summary>
internal sealed partial class HeartbeatWriter(
    IDbContextFactory<GuardDb> databases, IOptions<GuardOptions> options, TimeProvider clock, ILogger<HeartbeatWriter> logger) : BackgroundService
{
    private const int LooksInABeat = 6;

    // The same for all servers, and for nothing else in this database.
    private const long Lock = 0x6865617274; // "heart"

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.HeartbeatEvery / LooksInABeat, clock);
        try
        {
            do
            {
                await TryBeatAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    /// <summary>Returns whether this server wrote one.</summary>
    internal async Task<bool> BeatAsync(CancellationToken cancellationToken)
    {
        // Half a look earlier than late, so that a minute does not become seventy seconds.
        var young = options.Value.HeartbeatEvery * (LooksInABeat - 0.5) / LooksInABeat;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var written = await db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO guard.heartbeats (at, server) SELECT clock_timestamp(), {options.Value.Server}
             WHERE pg_try_advisory_xact_lock({Lock}) AND NOT EXISTS (SELECT FROM guard.heartbeats WHERE at > clock_timestamp() - {young})
             """, cancellationToken);
        if (written > 0)
        {
            await db.SaveAndTellAsync(SnapshotChanges.In(SnapshotParts.Heartbeat), cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return written > 0;
    }

    private async Task TryBeatAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await BeatAsync(cancellationToken))
            {
                await TidyAsync(cancellationToken);
            }
        }
        catch (Exception exception) when (exception is DbException or DbUpdateException or TimeoutException or InvalidOperationException)
        {
            Log.NoBeat(logger, exception.GetBaseException().GetType().Name);
        }
    }

    private async Task TidyAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var oldest = clock.GetUtcNow() - options.Value.HeartbeatsKept;
        await db.HeartbeatEchoes.Where(echo => echo.At < oldest).ExecuteDeleteAsync(cancellationToken);
        await db.Heartbeats.Where(beat => beat.At < oldest).ExecuteDeleteAsync(cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "No heartbeat was written ({Problem}).")]
        public static partial void NoBeat(ILogger logger, string problem);
    }
}
