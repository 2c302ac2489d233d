using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Health.Progress;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Health;

/// <summary>
/// Observes (<see cref="Probe"/>), decides (<see cref="HealthPolicy"/>) and applies (<see cref="HealthBoard"/>), one endpoint at a
/// time. All of it happens in memory; what came of it is stored behind it, when the database answers.
/// </summary>
public sealed partial class HealthRound : IDisposable
{
    private readonly EndpointLanes lanes;
    private readonly Probe probe;
    private readonly ProbeHistory history;
    private readonly HealthBoard board;
    private readonly ServingLedger ledger;
    private readonly HealthOptions options;
    private readonly TimeProvider clock;
    private readonly ILogger<HealthRound> logger;
    private readonly ConcurrentDictionary<string, ProgressTrack> tracks = new();

    // The watch and the schedule may both want to store, and the same news twice would be two changes.
    private readonly SemaphoreSlim storing = new(1, 1);

    internal HealthRound(
        EndpointLanes lanes, Probe probe, ProbeHistory history, HealthBoard board, ServingLedger ledger,
        IOptions<HealthOptions> options, TimeProvider clock, ILogger<HealthRound> logger) =>
        (this.lanes, this.probe, this.history, this.board, this.ledger, this.options, this.clock, this.logger) =
        (lanes, probe, history, board, ledger, options.Value, clock, logger);

    /// <summary>Whether something waits to be stored.</summary>
    internal bool HasNews => history.HasNews || board.HasNews;

    /// <summary>Probes every endpoint once, whoever looks after it, and changes what the guard thinks of it if the rules say so.</summary>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        await history.ReadAsync([.. lanes.All.Select(lane => lane.Endpoint.Id)], cancellationToken);
        await Task.WhenAll(lanes.All.Select(lane => LookAsync(lane, Look.Whole, cancellationToken)));

        // A round waits for a database that is away only once.
        if (!history.IsAway)
        {
            await RecordAsync(cancellationToken);
        }
    }

    /// <summary>Stores what was found out, and records what it, or time alone, has changed for the shops.</summary>
    public Task RecordAsync(CancellationToken cancellationToken = default) => StoreAsync(alsoWithoutChange: true, cancellationToken);

    public void Dispose() => storing.Dispose();

    /// <summary>One look at one endpoint, and what follows from it. Tells whether somebody was there.</summary>
    internal async Task<bool> LookAsync(EndpointLane lane, Look look, CancellationToken cancellationToken)
    {
        var seen = await probe.LookAsync(lane, look, cancellationToken);
        if (cancellationToken.IsCancellationRequested)
        {
            return false;
        }

        var now = DatabaseTime.Of(clock);
        Note(lane, seen, now);
        Apply(lane, HealthPolicy.Decide(board.Read(lane.Endpoint), Evidence(lane, now), options), now);
        return seen.Result is not { Finding: Finding.Unhealthy, Stage: ProbeStage.Liveness };
    }

    /// <summary>A try at an endpoint that another server looks after, for this server's own breaker and nobody else.</summary>
    internal async Task TryAsync(EndpointLane lane, CancellationToken cancellationToken)
    {
        var seen = await probe.LookAsync(lane, Look.Whole, cancellationToken);
        lane.Breaker.Report(seen.Result?.Finding switch { Finding.Healthy => Verdict.Good, Finding.Unhealthy => Verdict.Bad, _ => Verdict.None });
    }

    internal Task StoreAsync(CancellationToken cancellationToken) => StoreAsync(alsoWithoutChange: false, cancellationToken);

    /// <summary>How long an observation says anything about the present.</summary>
    internal DateTimeOffset SaysSomethingUntil(DateTimeOffset at) => at + (options.Every * 3);

    private void Note(EndpointLane lane, Observation seen, DateTimeOffset now)
    {
        var id = lane.Endpoint.Id;
        tracks[id] = tracks.GetValueOrDefault(id, ProgressTrack.Nothing).Next(seen.Reading, options.LeastHeadroom, now);
        if (seen.Result is not { } result)
        {
            return;
        }

        if (result.IsOwnFault && history.Recent(id) is not [{ IsOwnFault: true }, ..])
        {
            Log.OwnFault(logger, id, result.Detail);
        }

        history.Add(result);
        board.Hear(id, result.Finding, SaysSomethingUntil(result.At));
        if (result.Finding != Finding.Unknown)
        {
            lane.Breaker.ReportProbe(result.Good);
        }
    }

    private Evidence Evidence(EndpointLane lane, DateTimeOffset now)
    {
        var (ratio, slow) = lane.Traffic.Recent(Window(board.Read(lane.Endpoint)), options.EnoughAttempts);
        var track = tracks[lane.Endpoint.Id];
        return new(
            history.Recent(lane.Endpoint.Id), new TrafficFacts(ratio, slow, now - lane.Traffic.Since(good: true)),
            new HostFacts(track.StandsFor(now), track.TightFor(now)), now);
    }

    private void Apply(EndpointLane lane, (EndpointState State, string? Detail) next, DateTimeOffset at)
    {
        var now = board.Read(lane.Endpoint);
        if (next.State != now.State)
        {
            // It follows from what is known now, whatever another server's clock says.
            board.Remember(lane.Endpoint.Id, new Snapshot.EndpointMark(next.State, next.Detail, now.Since >= at ? now.Since.Value.AddMicroseconds(1) : at), at);
            Log.Changed(logger, lane.Endpoint.Id, now.State, next.State, next.Detail);
        }
    }

    // What an outage did to traffic is over with the outage: it must not hold an endpoint down, nor take it down again.
    private TimeSpan Window(EndpointHealth now) =>
        clock.GetUtcNow() - now.Since is { } age && age >= TimeSpan.Zero && age < options.Recent ? age : options.Recent;

    private async Task StoreAsync(bool alsoWithoutChange, CancellationToken cancellationToken)
    {
        await storing.WaitAsync(cancellationToken);
        try
        {
            await StoreAloneAsync(alsoWithoutChange, cancellationToken);
        }
        finally
        {
            storing.Release();
        }
    }

    private async Task StoreAloneAsync(bool alsoWithoutChange, CancellationToken cancellationToken)
    {
        if (history.HasNews)
        {
            await history.StoreAsync(cancellationToken);
            if (history.IsAway)
            {
                return;
            }
        }

        try
        {
            if (board.HasNews || alsoWithoutChange)
            {
                await board.WriteAsync(cancellationToken);
                await ledger.RecordAsync(cancellationToken);
            }
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

        [LoggerMessage(LogLevel.Error, "Endpoint {Endpoint} cannot be probed, which says nothing about it: {Detail}.")]
        public static partial void OwnFault(ILogger logger, string endpoint, string? detail);

        [LoggerMessage(LogLevel.Debug, "The round's result stays in memory until the database answers ({Problem}).")]
        public static partial void NotWritten(ILogger logger, string problem);
    }
}
