using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Health;

/// <summary>The scheduled health round: probe, decide, apply. Goes on in memory while the database is away.</summary>
public sealed partial class HealthRound
{
    private readonly EndpointLanes lanes;
    private readonly Probe probe;
    private readonly ProbeHistory history;
    private readonly HealthBoard board;
    private readonly ServingLedger ledger;
    private readonly HealthOptions options;
    private readonly TimeProvider clock;
    private readonly ILogger<HealthRound> logger;
    // Timestamps of the clock, of the last whole round and of the last look at any endpoint; 0 is never.
    private long whole;
    private long any;
    private int running;

    internal HealthRound(
        EndpointLanes lanes, Probe probe, ProbeHistory history, HealthBoard board, ServingLedger ledger,
        IOptions<HealthOptions> options, TimeProvider clock, ILogger<HealthRound> logger) =>
        (this.lanes, this.probe, this.history, this.board, this.ledger, this.options, this.clock, this.logger) =
        (lanes, probe, history, board, ledger, options.Value, clock, logger);

    /// <summary>Runs what is due: a whole round when the schedule is late; else, while one is down, a look at those that are not up.</summary>
    internal async Task RunIfDueAsync(CancellationToken cancellationToken)
    {
        if (await IsDueAsync(cancellationToken))
        {
            await RunAsync(cancellationToken);
        }
        else if (await IsRecheckDueAsync(cancellationToken))
        {
            await RunAsync(Lanes(isUp: false), cancellationToken);
        }
    }

    /// <summary>Whether no server has looked at the endpoints for too long.</summary>
    internal Task<bool> IsDueAsync(CancellationToken cancellationToken) =>
        IsLateAsync(Lanes(isUp: true) is { Count: > 0 } up ? up : lanes.All, Volatile.Read(ref whole), HealthPolicy.Patience(oneIsDown: false, options), cancellationToken);

    /// <summary>Probes every endpoint once, and changes what the guard thinks of it if the rules say so.</summary>
    public Task RunAsync(CancellationToken cancellationToken = default) => RunAsync(lanes.All, cancellationToken);

    private async Task<bool> IsRecheckDueAsync(CancellationToken cancellationToken) =>
        board.Read().Any(endpoint => endpoint.State == EndpointState.Down)
        && await IsLateAsync(Lanes(isUp: false), Volatile.Read(ref any), HealthPolicy.Patience(oneIsDown: true, options), cancellationToken);

    private async Task<bool> IsLateAsync(IReadOnlyList<EndpointLane> some, long last, TimeSpan patience, CancellationToken cancellationToken) =>
        clock.GetElapsedTime(last) >= patience
        && clock.GetUtcNow() - await history.NewestAsync([.. some.Select(lane => lane.Endpoint.Id)], cancellationToken) >= patience;

    private List<EndpointLane> Lanes(bool isUp) => [.. lanes.All.Where(lane => board.Read(lane.Endpoint).State == EndpointState.Up == isUp)];

    private async Task RunAsync(IReadOnlyList<EndpointLane> some, CancellationToken cancellationToken)
    {
        // A round that takes longer than the schedule must not meet itself.
        if (Interlocked.Exchange(ref running, 1) == 1)
        {
            return;
        }

        Volatile.Write(ref any, clock.GetTimestamp());
        if (some.Count == lanes.All.Count)
        {
            Volatile.Write(ref whole, clock.GetTimestamp());
        }

        try
        {
            var probes = await Task.WhenAll(some.Select(lane => probe.CheckAsync(lane, cancellationToken)));
            await history.AddAsync([.. probes.OfType<ProbeResult>()], cancellationToken);
            var recent = await history.RecentAsync([.. some.Select(lane => lane.Endpoint.Id)], cancellationToken);
            foreach (var lane in some)
            {
                Decide(lane, [.. recent[lane.Endpoint.Id]]);
            }

            await WriteAsync(cancellationToken);
        }
        finally
        {
            running = 0;
        }
    }

    private void Decide(EndpointLane lane, IReadOnlyList<ProbeResult> probes)
    {
        var now = board.Read(lane.Endpoint);
        var (ratio, slow) = lane.Traffic.Recent(Window(now), options.EnoughAttempts);
        var (state, detail) = HealthPolicy.Decide(now, probes, new TrafficFacts(ratio, slow), options);
        if (state != now.State)
        {
            board.Remember(lane.Endpoint.Id, new Snapshot.EndpointMark(state, detail, DatabaseTime.Of(clock)));
            Log.Changed(logger, lane.Endpoint.Id, now.State, state, detail);
        }
    }

    // What an outage did to traffic is over with the outage: it must not hold an endpoint down, nor take it down again.
    private TimeSpan Window(EndpointHealth now) =>
        now.Since is { } since && clock.GetUtcNow() - since < options.Recent ? clock.GetUtcNow() - since : options.Recent;

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        if (history.IsAway)
        {
            return;
        }

        try
        {
            await board.WriteAsync(cancellationToken);
            await ledger.RecordAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is DbException or DbUpdateException or TimeoutException or InvalidOperationException)
        {
            Log.NotWritten(logger, exception.GetBaseException().GetType().Name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Endpoint {Endpoint} was {From} and is now {To}. {Detail}")]
        public static partial void Changed(ILogger logger, string endpoint, EndpointState from, EndpointState to, string? detail);

        [LoggerMessage(LogLevel.Debug, "The round's result stays in memory until the database answers ({Problem}).")]
        public static partial void NotWritten(ILogger logger, string problem);
    }
}
