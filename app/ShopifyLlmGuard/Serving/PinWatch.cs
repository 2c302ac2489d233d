using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Serving;

/// <summary>
/// An expiry counts at its instant on every server without any write, because decisions compare times. This lets the ledger,
/// and with it what Shopify holds, follow at once and not with the next round.
/// </summary>
internal sealed class PinWatch(Snapshots snapshots, ServingLedger ledger, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, clock);
        var last = clock.GetUtcNow();
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var now = clock.GetUtcNow();
                if (!snapshots.Current.Pins.Any(pin => pin.Until > last && pin.Until <= now) || await TryRecordAsync(stoppingToken))
                {
                    last = now;
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task<bool> TryRecordAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ledger.RecordAsync(cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is DbException or DbUpdateException or TimeoutException or InvalidOperationException)
        {
            return false;
        }
    }
}
