using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Health;

/// <summary>
/// Runs the round when it is due and nobody has. The schedule lives in the database and is away with it; and an endpoint in
/// trouble deserves a look sooner than the schedule's next turn, so that shoppers get it back soon.
/// </summary>
internal sealed class HealthWatch(HealthRound round, IOptions<HealthOptions> options, TimeProvider clock) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.RecheckEvery, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (await round.IsDueAsync(stoppingToken))
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
