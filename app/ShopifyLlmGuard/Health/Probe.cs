using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Llm.Wire;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Health;

/// <summary>Checks an endpoint, beside its breaker, so that an open breaker cannot blind it. Carries no shopper's words.</summary>
internal sealed class Probe(IOptions<HealthOptions> options, GuardMeter meter, TimeProvider clock)
{
    /// <summary>One check under its own deadline; null when the endpoint was merely busy, which says nothing.</summary>
    public async Task<ProbeResult?> CheckAsync(EndpointLane lane, CancellationToken cancellationToken)
    {
        var deadline = new Deadline(clock, options.Value.ProbeWithin);
        var (good, reason, detail) = await AskHealthAsync(lane, deadline, cancellationToken);
        if (good && options.Value.ProbeWithToken)
        {
            (good, reason, detail) = await AskTokenAsync(lane, deadline, cancellationToken);
        }

        meter.Probed(lane.Endpoint.Id, good ? reason ?? "good" : reason!);
        if (reason is Reasons.EndpointBusy or Reasons.Cancelled)
        {
            return null;
        }

        lane.Breaker.ReportProbe(good);
        return new ProbeResult
        {
            Endpoint = lane.Endpoint.Id, At = DatabaseTime.Of(clock), Good = good, Reason = reason, Detail = detail,
            Milliseconds = deadline.Elapsed.TotalMilliseconds,
        };
    }

    private static async Task<(bool Good, string? Reason, string? Detail)> AskHealthAsync(
        EndpointLane lane, Deadline deadline, CancellationToken cancellationToken)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asking = Task.Run(() => lane.Client.HealthAsync(stop.Token), CancellationToken.None);
        if (!await Race.EndsAsync(asking, deadline.Remaining, deadline.Clock, cancellationToken))
        {
            await stop.CancelAsync();
            Race.Forget(asking);
            return (false, cancellationToken.IsCancellationRequested ? Reasons.Cancelled : Reasons.Timeout, "no answer in time");
        }

        stop.Dispose();
        return asking.IsCompletedSuccessfully ? Judge(await asking) : Judge(asking.Exception?.InnerException);
    }

    // Not every OpenAI-compatible host has this address; one without it is judged by its tokens.
    private static (bool, string?, string?) Judge(HttpStatusCode status) =>
        (int)status is >= 200 and < 300 or 404
            ? (true, null, null)
            : (false, Reasons.EndpointError, $"health check answered {(int)status}");

    private static (bool, string?, string?) Judge(Exception? exception) => exception switch
    {
        HttpRequestException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } } =>
            (false, Reasons.EndpointUnreachable, "connection refused"),
        not null when ErrorClassifier.IsConnect(exception) => (false, Reasons.EndpointUnreachable, "no connection"),
        _ => (false, Reasons.EndpointError, "connection broken"),
    };

    private static async Task<(bool Good, string? Reason, string? Detail)> AskTokenAsync(
        EndpointLane lane, Deadline deadline, CancellationToken cancellationToken)
    {
        var attempt = await lane.Client.GreetAsync(deadline, cancellationToken);
        return attempt.Verdict switch
        {
            Verdict.Good => (true, null, null),
            _ when attempt.Reason == Reasons.RequestRefused => (false, attempt.Reason, "a plain request was refused"),
            Verdict.Bad => (false, attempt.Reason, attempt.Reason == Reasons.Timeout ? "no token in time" : "no token"),
            _ => (true, attempt.Reason, null),
        };
    }
}
