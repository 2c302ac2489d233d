using System.Runtime;

namespace ShopifyLlmGuard.Server;

/// <summary>
/// Gives back what starting has used: migrations, the database model and the first catalogue. An idle guard allocates so little
/// that the runtime would keep that garbage for hours.
/// </summary>
internal sealed class StartupGarbage(TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(20);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Delay(Settled, clock, stoppingToken);
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }
}
