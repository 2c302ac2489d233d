using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ShopifyLlmGuard.Protections;

namespace ShopifyLlmGuard.Serving.Bypassing;

/// <summary>
/// Looks at the disk several times a second, stores what the database does not have yet, and is loud: a line for every bypass
/// that comes on or goes off, another each minute while one is on, and a gauge.
/// </summary>
internal sealed partial class BypassWatch : BackgroundService
{
    /// <summary>A file must count everywhere on this server within a second; this leaves room for a busy machine.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan StoreAgainAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RemindEvery = TimeSpan.FromMinutes(1);

    private readonly Bypass bypass;
    private readonly BypassStore store;
    private readonly ProtectionProofs proofs;
    private readonly TimeProvider clock;
    private readonly ILogger<BypassWatch> logger;
    private readonly Lock gate = new();
    private readonly SemaphoreSlim news = new(0);
    private IReadOnlyList<BypassHold> told = [];
    private int toldShops;
    private int toldRefused;
    private long lastTold;

    public BypassWatch(
        Bypass bypass, BypassStore store, ProtectionProofs proofs, GuardMeter meter, TimeProvider clock, ILogger<BypassWatch> logger)
    {
        (this.bypass, this.store, this.proofs, this.clock, this.logger) = (bypass, store, proofs, clock, logger);
        meter.Observe("guard.bypass.unstored", "Decisions about the bypass that the database will never take; they count here only.", () => [new(bypass.Refused.Count)]);
        meter.Observe("guard.bypass", "Ways by which the bypass is on here; for the admin, how many shops' staff have switched it on.", Count);
        bypass.Changed += Hear;
        Tell();
    }

    public override void Dispose()
    {
        bypass.Changed -= Hear;
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await TryAsync(() => Task.FromResult(bypass.Prepare()), stoppingToken);
        var looking = LookAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            var done = await TryAsync(() => store.TryStoreAsync(stoppingToken), stoppingToken);
            await news.WaitAsync(done ? Timeout.InfiniteTimeSpan : StoreAgainAfter, stoppingToken)
                .ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        await looking;
    }

    private async Task LookAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryAsync(Look, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private Task<bool> Look()
    {
        bypass.Look();
        Tell();
        return Task.FromResult(true);
    }

    // Whatever it was: this is the last switch, so it must go on being looked at.
    private async Task<bool> TryAsync(Func<Task<bool>> act, CancellationToken stoppingToken)
    {
        try
        {
            return await act();
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            Log.Failed(logger, exception);
            return false;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void Hear()
    {
        Tell();
        news.Release();
    }

    private void Tell()
    {
        lock (gate)
        {
            var (now, shops) = (bypass.Holds(), bypass.ShopCount);
            now.Except(told).ToList().ForEach(TellOn);
            told.Except(now).ToList().ForEach(hold => Log.Off(logger, hold.Way, bypass.Standing() is { On: false } off ? $"{off.Author}: {off.Reason}" : "its cause is gone"));
            if (shops != toldShops)
            {
                Log.Shops(logger, shops);
            }

            bypass.Refused.Skip(toldRefused).ToList().ForEach(refused => Log.Refused(logger, refused.On, refused.Shop ?? "every shop", refused.Way, refused.Id));
            toldRefused = bypass.Refused.Count;
            Remind(now, changed: shops != toldShops || !now.SequenceEqual(told));
            (told, toldShops) = (now, shops);
        }
    }

    private void TellOn(BypassHold hold)
    {
        var took = clock.GetUtcNow() - hold.Since;
        Log.On(logger, hold.Way, hold.Author, hold.Reason, took.TotalMilliseconds);

        // A server that starts under an old bypass proves nothing about how fast one arrives.
        if (took < RemindEvery)
        {
            proofs.Acted(Protection.Bypass, took);
        }
    }

    private void Remind(IReadOnlyList<BypassHold> now, bool changed)
    {
        if (!changed && (now.Count == 0 || clock.GetElapsedTime(lastTold) < RemindEvery))
        {
            return;
        }

        lastTold = clock.GetTimestamp();
        foreach (var hold in changed ? [] : now)
        {
            Log.StillOn(logger, hold.Way, hold.Since, hold.Author, hold.Reason);
        }
    }

    private IEnumerable<Measurement<int>> Count()
    {
        var holds = bypass.Holds();
        return Enum.GetValues<BypassWay>().Select(way => new Measurement<int>(
            way == BypassWay.Admin ? bypass.ShopCount : holds.Count(hold => hold.Way == way),
            new KeyValuePair<string, object?>("way", way.ToString().ToLowerInvariant())));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Critical, "The bypass is on ({Way}, by {Author}: {Reason}), {Milliseconds:0} ms after the decision: shoppers get prepared content, and no model is asked.")]
        public static partial void On(ILogger logger, BypassWay way, string author, string reason, double milliseconds);

        [LoggerMessage(LogLevel.Critical, "The bypass is still on ({Way}, since {Since:u}, by {Author}: {Reason}).")]
        public static partial void StillOn(ILogger logger, BypassWay way, DateTimeOffset since, string author, string reason);

        [LoggerMessage(LogLevel.Warning, "The bypass by {Way} is off ({Why}).")]
        public static partial void Off(ILogger logger, BypassWay way, string why);

        [LoggerMessage(LogLevel.Warning, "The staff of {Count} shops have switched their shop to prepared content.")]
        public static partial void Shops(ILogger logger, int count);

        [LoggerMessage(LogLevel.Error, "The database will never take the decision {Id} about the bypass (on: {On}, {Shop}, {Way}); it counts here, and on no server that was not told directly.")]
        public static partial void Refused(ILogger logger, bool on, string shop, BypassWay way, Guid id);

        [LoggerMessage(LogLevel.Error, "A look after the bypass failed; the next one comes at once.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
