using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Health;

/// <summary>Runs the rounds while the database is away: the schedule lives in the database and is away with it.</summary>
internal sealed class HealthWatch(HealthRound round, Snapshots snapshots, IOptions<HealthOptions> options, TimeProvider clock)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Every, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (!snapshots.DatabaseAnswers)
                {
                    await round.RunAsync(stoppingToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }
}
