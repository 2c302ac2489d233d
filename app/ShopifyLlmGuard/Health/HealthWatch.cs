using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Health;

/// <summary>
/// Runs the round when it is due and nobody has. The schedule lives in the database and is away with it; and a dead endpoint
/// deserves a look sooner than the schedule's next turn, so that shoppers get it back soon.
/// </summary>
internal sealed partial class HealthWatch(HealthRound round, IOptions<HealthOptions> options, TimeProvider clock, ILogger<HealthWatch> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.RecheckEvery, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await LookAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task LookAsync(CancellationToken stoppingToken)
    {
        try
        {
            await round.RunIfDueAsync(stoppingToken);
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            // Whatever it was: nobody else looks after the endpoints while the database is away.
            Log.Failed(logger, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "A health round failed; the next one is due in a few seconds.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
