using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Health.Leases;
using ShopifyLlmGuard.Health.Progress;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Llm.Wire;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Health;

/// <summary>What one look at an endpoint found.</summary>
/// <param name="Result">What it says; null when it says nothing, such as that the endpoint was merely busy.</param>
/// <param name="Reading">What the host told of its work; null when it does not tell, or did not answer.</param>
internal sealed record Observation(ProbeResult? Result, HostReading? Reading);

/// <summary>
/// Looks at an endpoint with traffic's own key and on traffic's own way, but beside the breaker, so that an open breaker cannot
/// blind it. Carries no shopper's words. Each step has its own limit.
/// </summary>
internal sealed class Probe(ProbeLeases leases, IOptions<HealthOptions> options, GuardMeter meter, TimeProvider clock)
{
    private readonly HealthOptions options = options.Value;

    // Hosts that told of their work when they were last asked; the others are asked only by whole looks.
    private readonly ConcurrentDictionary<string, bool> tells = new();

    /// <summary>One look. Does not throw.</summary>
    public async Task<Observation> LookAsync(EndpointLane lane, Look look, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        var said = await AskAsync(lane.Client.HealthAsync, ProbeStage.Liveness, options.LivenessWithin, cancellationToken);
        var asks = said.Finding == Finding.Healthy && (look == Look.Whole || tells.GetValueOrDefault(lane.Endpoint.Id));
        var reading = asks ? await ReadAsync(lane, cancellationToken) : null;
        if (look == Look.Whole && said.Finding == Finding.Healthy)
        {
            said = await AskAsync(lane.Client.ModelsAsync, ProbeStage.Readiness, options.ReadinessWithin, cancellationToken);
        }

        if (look == Look.Whole && said.Finding == Finding.Healthy && options.ProbeWithToken)
        {
            // One that stands still would only keep the next look waiting, which decides about it.
            (said, reading) = reading?.Stands >= options.LookEvery
                ? (new Said(Finding.Unknown, ProbeStage.Generation, Reasons.EndpointBusy), reading)
                : await AskTokenAsync(lane, reading, cancellationToken);
        }

        meter.Probed(lane.Endpoint.Id, said.Reason ?? "good");
        var saysNothing = said.Reason is Reasons.EndpointBusy or Reasons.Cancelled || (look == Look.Light && said.Finding == Finding.Healthy);
        return new(saysNothing ? null : Result(lane, said, reading, clock.GetElapsedTime(began)), reading);
    }

    private ProbeResult Result(EndpointLane lane, Said said, HostReading? reading, TimeSpan took) => new()
    {
        Endpoint = lane.Endpoint.Id, At = DatabaseTime.Of(clock), Good = said.Finding == Finding.Healthy,
        IsOwnFault = said.Finding == Finding.Unknown, Stage = said.Stage, Reason = said.Reason, Detail = said.Detail,
        Milliseconds = took.TotalMilliseconds, Prober = leases.Holder,
        Running = reading?.Running, Computed = reading?.Computed, KvUse = reading?.KvUse,
    };

    private async Task<Said> AskAsync(
        Func<CancellationToken, Task<HttpStatusCode>> ask, string stage, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asking = Task.Run(() => ask(stop.Token), CancellationToken.None);
        if (!await Race.EndsAsync(asking, limit, clock, cancellationToken))
        {
            await stop.CancelAsync();
            Race.Forget(asking);
            return new(Finding.Unhealthy, stage, cancellationToken.IsCancellationRequested ? Reasons.Cancelled : Reasons.Timeout, "no answer in time");
        }

        return asking.IsCompletedSuccessfully ? Judge(await asking, stage) : Judge(asking.Exception?.InnerException, stage);
    }

    // A host without this address, or that shows it to nobody, answers at least; its tokens say the rest.
    private static Said Judge(HttpStatusCode status, string stage) =>
        (int)status is >= 200 and < 300 or 401 or 403 or 404 or 405 or 501
            ? new(Finding.Healthy, stage)
            : new(Finding.Unhealthy, stage, Reasons.EndpointError, $"{stage} check answered {(int)status}");

    private static Said Judge(Exception? exception, string stage) => exception switch
    {
        HttpRequestException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } } =>
            new(Finding.Unhealthy, stage, Reasons.EndpointUnreachable, "connection refused"),
        not null when ErrorClassifier.IsConnect(exception) => new(Finding.Unhealthy, stage, Reasons.EndpointUnreachable, "no connection"),
        _ => new(Finding.Unhealthy, stage, Reasons.EndpointError, "connection broken"),
    };

    private async Task<(Said Said, HostReading? Reading)> AskTokenAsync(EndpointLane lane, HostReading? before, CancellationToken cancellationToken)
    {
        var attempt = await lane.Client.GreetAsync(new Deadline(clock, options.ProbeWithin), cancellationToken);
        if (attempt.Reason != Reasons.Timeout || before is null)
        {
            return (Judge(attempt), before);
        }

        // One that goes on computing has only no time for this. What was read before the wait is old.
        var after = await ReadAsync(lane, cancellationToken);
        return (after?.Computed > before.Computed ? new Said(Finding.Unknown, ProbeStage.Generation, Reasons.EndpointBusy) : Judge(attempt), after ?? before);
    }

    private static Said Judge(Attempt attempt) => attempt switch
    {
        { Verdict: Verdict.Good } => new(Finding.Healthy, ProbeStage.Generation),
        { Status: 401 or 403 } => new(Finding.Unknown, ProbeStage.Generation, Reasons.RequestRefused, $"the probe was refused ({attempt.Status}); check the endpoint's key"),
        { Reason: Reasons.RequestRefused or Reasons.UnusableAnswer } => new(
            Finding.Unknown, ProbeStage.Generation, Reasons.RequestRefused, $"the probe was refused ({attempt.Status}); that says nothing about the endpoint"),
        { Verdict: Verdict.Bad } => new(
            Finding.Unhealthy, ProbeStage.Generation, attempt.Reason, attempt.Reason == Reasons.Timeout ? "no token in time" : "no token"),
        _ => new(Finding.Unknown, ProbeStage.Generation, attempt.Reason == Reasons.Cancelled ? Reasons.Cancelled : Reasons.EndpointBusy),
    };

    // Whatever goes wrong here: a host that does not tell is as good as one that does.
    private async Task<HostReading?> ReadAsync(EndpointLane lane, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = Task.Run(() => lane.Client.MetricsAsync(HostMetrics.Knows, stop.Token), CancellationToken.None);
        if (await Race.EndsAsync(reading, options.LivenessWithin, clock, cancellationToken) && reading.IsCompletedSuccessfully)
        {
            tells[lane.Endpoint.Id] = (await reading).Count > 0;
            return await reading is { Count: > 0 } samples ? HostMetrics.Read(samples) : null;
        }

        await stop.CancelAsync();
        Race.Forget(reading);
        return null;
    }

    /// <summary>What one step said.</summary>
    private readonly record struct Said(Finding Finding, string Stage, string? Reason = null, string? Detail = null);
}
