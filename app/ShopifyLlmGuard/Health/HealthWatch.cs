using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Health.Leases;
using ShopifyLlmGuard.Llm.Endpoints;

namespace ShopifyLlmGuard.Health;

/// <summary>
/// Looks at every endpoint when it is due, each on its own, so that a slow one holds up no other. Where another server holds the lease,
/// it only hears what that one found.
/// </summary>
internal sealed partial class HealthWatch(
    EndpointLanes lanes, HealthRound round, HealthBoard board, ProbeHistory history, ProbeLeases leases, IOptions<HealthOptions> options,
    TimeProvider clock, ILogger<HealthWatch> logger)
    : BackgroundService
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan BetweenStores = TimeSpan.FromSeconds(1);
    private readonly HealthOptions options = options.Value;
    private readonly Dictionary<string, Vigil> vigils = [];
    private Task storing = Task.CompletedTask;
    private long? storedAt;
    private long? readAt;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var keeping = options.Watch ? leases.KeepAsync(stoppingToken) : Task.CompletedTask;
        using var timer = new PeriodicTimer(Beat, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (var lane in lanes.All)
                {
                    Follow(lane, stoppingToken);
                }

                Store(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAll([keeping, storing, .. vigils.Values.Select(vigil => vigil.Looking)]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Follow(EndpointLane lane, CancellationToken stoppingToken)
    {
        var (id, health) = (lane.Endpoint.Id, board.Read(lane.Endpoint));
        var vigil = vigils.TryGetValue(id, out var known) ? known : vigils[id] = new Vigil();
        if (lane.Traffic.Since(good: true) is { } age)
        {
            board.Hear(id, Finding.Healthy, round.SaysSomethingUntil(clock.GetUtcNow() - age));
        }

        // Good probes in a row have proven more than one call after a break could, on whichever server they were.
        if (vigil.State != EndpointState.Up && health.State == EndpointState.Up)
        {
            lane.Breaker.Forgive();
        }

        vigil.State = health.State;
        if (options.Watch && vigil.Looking.IsCompleted)
        {
            vigil.Looking = GuardedAsync(() => StepAsync(vigil, lane, health, stoppingToken), stoppingToken);
        }
    }

    private async Task StepAsync(Vigil vigil, EndpointLane lane, EndpointHealth health, CancellationToken stoppingToken)
    {
        if (!leases.Holds(health.Endpoint))
        {
            await TryAsync(vigil, lane, health, stoppingToken);
            return;
        }

        if (LookPolicy.Due(Facts(vigil, lane, health), options) is not { } look)
        {
            return;
        }

        var isThere = await round.LookAsync(lane, look, stoppingToken);
        vigil.LookedAt = clock.GetTimestamp();
        vigil.LookedWhollyAt = look == Look.Whole ? vigil.LookedAt : vigil.LookedWhollyAt;
        vigil.IsThere = look == Look.Light && isThere;
    }

    // Another server's way there may be well while this one's is not.
    private async Task TryAsync(Vigil vigil, EndpointLane lane, EndpointHealth health, CancellationToken stoppingToken)
    {
        var isOpen = health.State != EndpointState.Down && lane.Breaker.State != BreakerState.Closed;
        if (isOpen && !(Since(vigil.LookedAt) < options.RecheckEvery) && lane.Breaker.Admits())
        {
            await round.TryAsync(lane, stoppingToken);
            vigil.LookedAt = clock.GetTimestamp();
        }
    }

    private LookFacts Facts(Vigil vigil, EndpointLane lane, EndpointHealth health)
    {
        var (probes, whole) = (history.Recent(health.Endpoint), Since(vigil.LookedWhollyAt));
        return new(
            health.State,
            health.State == EndpointState.Down ? [.. probes.TakeWhile(probe => health.Since is null || probe.At >= health.Since)] : probes,
            lane.Breaker.State != BreakerState.Closed || lane.Traffic.Since(good: false) < whole,
            Since(vigil.LookedAt), whole, vigil.IsThere);
    }

    private TimeSpan? Since(long? timestamp) => timestamp is { } then ? clock.GetElapsedTime(then) : null;

    private void Store(CancellationToken stoppingToken)
    {
        // What others found is read as often as they look; a database that is away is left in peace for a moment.
        var mayAsk = storing.IsCompleted && (!history.IsAway || !(Since(storedAt) < BetweenStores));
        if (mayAsk && (round.HasNews || !(Since(readAt) < options.Every)))
        {
            storing = GuardedAsync(() => StoreAsync(stoppingToken), stoppingToken);
        }
    }

    private async Task StoreAsync(CancellationToken stoppingToken)
    {
        storedAt = clock.GetTimestamp();
        await round.StoreAsync(stoppingToken);
        if (Since(readAt) < options.Every)
        {
            return;
        }

        readAt = clock.GetTimestamp();
        string[] others = [.. lanes.All.Select(lane => lane.Endpoint.Id).Where(id => !leases.Holds(id))];
        if (others.Length > 0)
        {
            await history.ReadAsync(others, stoppingToken);
        }

        foreach (var id in others)
        {
            if (history.Recent(id) is [var newest, ..])
            {
                board.Hear(id, newest.Finding, round.SaysSomethingUntil(newest.At));
            }
        }
    }

    private async Task GuardedAsync(Func<Task> work, CancellationToken stoppingToken)
    {
        try
        {
            await work();
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            // Whatever it was: nobody else looks after the endpoints while the database is away.
            Log.Failed(logger, exception);
        }
    }

    /// <summary>What the watch itself remembers of an endpoint.</summary>
    private sealed class Vigil
    {
        public Task Looking { get; set; } = Task.CompletedTask;
        public EndpointState State { get; set; }
        public long? LookedAt { get; set; }
        public long? LookedWhollyAt { get; set; }
        public bool IsThere { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "A health round failed; the next one is due in a few seconds.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
