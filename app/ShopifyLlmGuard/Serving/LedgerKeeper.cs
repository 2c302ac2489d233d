using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Serving;

/// <summary>
/// Lets the ledger follow the snapshots, many changes together. Pins and attestations also end by time, without any change that
/// one could hear of, so it looks every few seconds.
/// </summary>
internal sealed partial class LedgerKeeper : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly Channel<bool> due = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ServingLedger ledger;
    private readonly Snapshots snapshots;
    private readonly TimeProvider clock;
    private readonly ILogger<LedgerKeeper> logger;

    public LedgerKeeper(ServingLedger ledger, Snapshots snapshots, TimeProvider clock, ILogger<LedgerKeeper> logger)
    {
        (this.ledger, this.snapshots, this.clock, this.logger) = (ledger, snapshots, clock, logger);
        ledger.IsBehind += Hurry;
    }

    public override void Dispose()
    {
        ledger.IsBehind -= Hurry;
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await WaitAsync(stoppingToken);
                if (snapshots.DatabaseAnswers)
                {
                    await CatchUpAsync(stoppingToken);
                }

                await Task.Delay(Pause, clock, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; what is not recorded is found by the next server that looks.
        }
    }

    private void Hurry() => due.Writer.TryWrite(true);

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(LookEvery, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        Task hurried = due.Reader.WaitToReadAsync(either.Token).AsTask();
        await hurried.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        due.Reader.TryRead(out _);
    }

    private async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ledger.CatchUpAsync(cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The same is found again in a few seconds, by this server or another.
            // A database that is away is told elsewhere; one that refuses is not.
            Log.NotWritten(logger, exception is PostgresException ? LogLevel.Warning : LogLevel.Debug, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage("The ledger is written at the next look.")]
        public static partial void NotWritten(ILogger logger, LogLevel level, Exception exception);
    }
}
