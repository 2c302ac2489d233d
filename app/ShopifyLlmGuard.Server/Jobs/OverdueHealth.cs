namespace ShopifyLlmGuard.Server.Jobs;

/// <summary>
/// Hangfire keeps its clock in the database. When that is gone, nobody would notice a dead or a recovered model: so this timer
/// runs the health round whenever the scheduled one is overdue on this server.
/// </summary>
internal sealed partial class OverdueHealth(RoundTimes times, IServiceScopeFactory scopes, TimeProvider clock, ILogger<OverdueHealth> logger)
    : BackgroundService
{
    private static readonly TimeSpan Overdue = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(5), clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (!times.HasRunSince("health", clock.GetUtcNow() - Overdue))
            {
                await RunAsync(stoppingToken);
            }
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<Rounds>().HealthAsync(cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.Failed(logger, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "A health round failed; the next one is due in a few seconds.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
