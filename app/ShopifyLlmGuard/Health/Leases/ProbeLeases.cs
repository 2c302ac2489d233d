using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Llm.Endpoints;

namespace ShopifyLlmGuard.Health.Leases;

/// <summary>
/// One server looks after an endpoint, and the others hear of it. A lease ends by itself, so that a killed holder is replaced; a
/// server that cannot ask the database looks for itself, so that it is never blind.
/// </summary>
internal sealed partial class ProbeLeases(
    IDbContextFactory<GuardDb> databases, EndpointList endpoints, IOptions<HealthOptions> options, TimeProvider clock, ILogger<ProbeLeases> logger)
{
    // Read by every look, written by one loop.
    private volatile Claim? last;
    private bool isCutOff;

    /// <summary>This server's name in leases and in what it finds out.</summary>
    public string Holder { get; } = $"{Environment.MachineName}-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..8]}";

    /// <summary>
    /// Whether this server is the one to look. Nobody is before the first answer; and a database that has not answered for the length of
    /// a lease gives nobody else's away.
    /// </summary>
    public bool Holds(string endpoint) =>
        last is { } claim && (claim.Endpoints is null || clock.GetElapsedTime(claim.At) >= options.Value.Lease || claim.Endpoints.Contains(endpoint));

    /// <summary>Claims and renews until it is stopped, three times in the length of a lease; then gives back what it holds.</summary>
    public async Task KeepAsync(CancellationToken stoppingToken)
    {
        try
        {
            using var timer = new PeriodicTimer(options.Value.Lease / 3, clock);
            do
            {
                await ClaimAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await GiveBackAsync();
        }
    }

    /// <summary>Claims once every endpoint that is free, or this server's already.</summary>
    internal async Task ClaimAsync(CancellationToken cancellationToken)
    {
        // What the database grants begins later than this.
        var at = clock.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Value.Lease / 2);
        try
        {
            var (ids, length) = (endpoints.Current.Select(endpoint => endpoint.Id).ToArray(), options.Value.Lease);
            await using var db = await databases.CreateDbContextAsync(limit.Token);
            // In one order, or two servers could wait for each other's rows.
            var held = await db.Database.SqlQuery<string>(
                $"""
                INSERT INTO guard.probe_leases AS lease (endpoint, holder, until)
                SELECT wanted, {Holder}, clock_timestamp() + {length} FROM unnest({ids}) AS wanted ORDER BY wanted
                ON CONFLICT (endpoint) DO UPDATE SET holder = excluded.holder, until = excluded.until
                WHERE lease.holder = excluded.holder OR lease.until < clock_timestamp()
                RETURNING lease.endpoint AS "Value"
                """).ToListAsync(limit.Token);
            last = new(at, held.ToHashSet());
            Tell(cutOff: false);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever it was: until the length of a lease is over, the last answer stands, and then everybody looks.
            last ??= new(at, null);
            Tell(cutOff: clock.GetElapsedTime(last.At) >= options.Value.Lease);
        }
    }

    private async Task GiveBackAsync()
    {
        using var limit = new CancellationTokenSource(options.Value.Lease / 3, clock);
        try
        {
            await using var db = await databases.CreateDbContextAsync(limit.Token);
            await db.ProbeLeases.Where(lease => lease.Holder == Holder).ExecuteDeleteAsync(limit.Token);
        }
        catch (Exception exception) when (exception is DbException or TimeoutException or InvalidOperationException or OperationCanceledException)
        {
            // The database is away, and the lease ends by itself.
        }
    }

    private void Tell(bool cutOff)
    {
        if (cutOff != isCutOff)
        {
            isCutOff = cutOff;
            Log.Cut(logger, cutOff ? "cannot share its probes and looks for itself" : "shares its probes again");
        }
    }

    /// <summary>What the database said, and when it was asked; null endpoints: it has never said anything.</summary>
    private sealed record Claim(long At, HashSet<string>? Endpoints);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "This server {What}.")]
        public static partial void Cut(ILogger logger, string what);
    }
}
