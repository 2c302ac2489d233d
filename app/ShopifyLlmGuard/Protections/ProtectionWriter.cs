using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Protections;

/// <summary>Brings new proofs into the database every few seconds, and learns those of other servers. Waits while it is away.</summary>
internal sealed partial class ProtectionWriter : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
    private readonly ProtectionProofs proofs;
    private readonly IDbContextFactory<GuardDb> databases;
    private readonly TimeProvider clock;
    private readonly ILogger<ProtectionWriter> logger;
    private IReadOnlyList<ProtectionProof> written = [];

    public ProtectionWriter(ProtectionProofs proofs, IDbContextFactory<GuardDb> databases, GuardMeter meter, TimeProvider clock, ILogger<ProtectionWriter> logger)
    {
        (this.proofs, this.databases, this.clock, this.logger) = (proofs, databases, clock, logger);
        proofs.ObserveWith(meter);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        try
        {
            do
            {
                await TryExchangeAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task TryExchangeAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            var mine = proofs.Read();
            foreach (var proof in mine.Except(written))
            {
                await WriteAsync(db, proof, cancellationToken);
            }

            proofs.Know(await db.ProtectionProofs.AsNoTracking().ToListAsync(cancellationToken));
            written = mine;
        }
        catch (Exception exception) when (exception is DbException or DbUpdateException or TimeoutException or InvalidOperationException)
        {
            Log.Waits(logger, exception.GetBaseException().GetType().Name);
        }
    }

    private static Task<int> WriteAsync(GuardDb db, ProtectionProof proof, CancellationToken cancellationToken) => db.Database.ExecuteSqlAsync(
        $"""
         INSERT INTO guard.protection_proofs AS old (protection, drilled, at, milliseconds, server)
         VALUES ({proof.Protection.ToString()}, {proof.Drilled}, {proof.At}, {proof.Milliseconds}, {proof.Server})
         ON CONFLICT (protection, drilled) DO UPDATE SET at = EXCLUDED.at, milliseconds = EXCLUDED.milliseconds, server = EXCLUDED.server
         WHERE old.at < EXCLUDED.at
         """, cancellationToken);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "Proofs of protection stay in memory until the database answers ({Problem}).")]
        public static partial void Waits(ILogger logger, string problem);
    }
}
