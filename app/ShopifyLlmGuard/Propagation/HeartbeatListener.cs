using System.Data.Common;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Propagation;

/// <summary>Notes when this server began to decide by a new heartbeat.</summary>
internal sealed partial class HeartbeatListener : BackgroundService
{
    private readonly Channel<long> seen = Channel.CreateBounded<long>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly IDbContextFactory<GuardDb> databases;
    private readonly Snapshots snapshots;
    private readonly GuardMeter meter;
    private readonly TimeProvider clock;
    private readonly ILogger<HeartbeatListener> logger;
    private readonly string server;
    private long newest;
    private long since;

    public HeartbeatListener(
        IDbContextFactory<GuardDb> databases, Snapshots snapshots, GuardMeter meter, IOptions<GuardOptions> options, TimeProvider clock,
        ILogger<HeartbeatListener> logger)
    {
        (this.databases, this.snapshots, this.meter, this.clock, this.logger) = (databases, snapshots, meter, clock, logger);
        server = options.Value.Server;
        since = clock.GetTimestamp();
        meter.Observe("guard.heartbeat.age", "s", "How long ago this server saw a new heartbeat. It grows while changes do not arrive.", () =>
            [new Measurement<double>(clock.GetElapsedTime(Volatile.Read(ref since)).TotalSeconds)]);
        snapshots.Changed += Look;
    }

    public override void Dispose()
    {
        snapshots.Changed -= Look;
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var number in seen.Reader.ReadAllAsync(stoppingToken))
            {
                await EchoAsync(number, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    // The first one that a server sees may be a minute old: it says nothing about the way.
    private void Look(Snapshot snapshot)
    {
        var before = Interlocked.Exchange(ref newest, snapshot.Heartbeat);
        if (before == snapshot.Heartbeat)
        {
            return;
        }

        Volatile.Write(ref since, clock.GetTimestamp());
        if (before > 0)
        {
            seen.Writer.TryWrite(snapshot.Heartbeat);
        }
    }

    private async Task EchoAsync(long number, CancellationToken cancellationToken)
    {
        try
        {
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            var took = await db.Database.SqlQuery<double>(
                $"""
                 INSERT INTO guard.heartbeat_echoes (number, server, milliseconds, at)
                 SELECT id, {server}, extract(epoch FROM clock_timestamp() - at)::double precision * 1000, clock_timestamp()
                 FROM guard.heartbeats WHERE id = {number}
                 ON CONFLICT DO NOTHING RETURNING milliseconds AS "Value"
                 """).ToListAsync(cancellationToken);
            took.ForEach(milliseconds => meter.Echoed(TimeSpan.FromMilliseconds(milliseconds)));
        }
        catch (Exception exception) when (exception is DbException or DbUpdateException or TimeoutException or InvalidOperationException)
        {
            Log.NotNoted(logger, exception.GetBaseException().GetType().Name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "A heartbeat's echo could not be noted ({Problem}).")]
        public static partial void NotNoted(ILogger logger, string problem);
    }
}
