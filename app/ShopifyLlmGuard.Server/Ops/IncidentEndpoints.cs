using System.Net.Mime;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using ShopifyLlmGuard.Incidents.Formats;
using ShopifyLlmGuard.Incidents.Rules;
using ShopifyLlmGuard.Incidents.Signals;
using ShopifyLlmGuard.Server.Trust;

namespace ShopifyLlmGuard.Server.Ops;

/// <summary>
/// The door for monitoring systems: verify, read, keep, answer; the work is done right after. A status of 4xx says that the same bytes
/// will never be taken, since PagerDuty and others then drop them for good; everything else that is in the way is a 503.
/// </summary>
internal static class IncidentEndpoints
{
    /// <summary>Two seconds to an answer, and the rest is for the network.</summary>
    private static readonly TimeSpan StoreWithin = TimeSpan.FromSeconds(1.5);

    private const string RetryAfterSeconds = "5";

    public static void MapIncidents(this IEndpointRouteBuilder app) => app.MapPost("/{source}", ReceiveAsync);

    private static async Task<Results<Accepted, ProblemHttpResult>> ReceiveAsync(
        string source, HttpContext context, SignalSettings settings, SignalInbox inbox, SignalBell bell, SignalMeter meter, TimeProvider clock)
    {
        var request = context.Request;
        var mediaType = MediaTypeOf(request);
        if (!DeliveryReader.Knows(source, mediaType))
        {
            return Refused(meter, source, "unknown-media-type", StatusCodes.Status415UnsupportedMediaType);
        }

        var delivery = new RawDelivery(
            source, mediaType, name => request.Headers[name] is [{ } value] ? value : null, context.Features.Get<ProvenBody>()!.Bytes,
            clock.GetUtcNow(), settings.Current.NamedLabels)
        {
            SignedAt = settings.Current.Sources.TryGetValue(source, out var proof) ? SourceSecrets.SignedAt(proof, request.Headers) : null,
        };
        var reading = DeliveryReader.Read(delivery);
        if (reading.Problem is { } problem)
        {
            return Refused(meter, source, problem, StatusCodes.Status400BadRequest);
        }

        try
        {
            var isNew = reading.Signals.Count > 0 && await StoreAsync(inbox, delivery, reading, clock);
            bell.Ring();
            meter.Delivered(source, isNew ? "accepted" : reading.Signals.Count > 0 ? "duplicate" : "nothing-to-do");
            return TypedResults.Accepted((string?)null);
        }
        catch (Exception exception) when (exception.GetBaseException() is PostgresException { SqlState: ['2', '2', ..] or ['5', '4', ..] })
        {
            return Refused(meter, source, "not-storable", StatusCodes.Status400BadRequest);
        }
        catch (Exception exception) when (IsDatabaseAway(exception))
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
            return Refused(meter, source, "not-stored", StatusCodes.Status503ServiceUnavailable);
        }
    }

    // Raced, because a frozen database holds up even its own cancellation. What is stored after all is a repetition, and does no harm.
    private static async Task<bool> StoreAsync(SignalInbox inbox, RawDelivery delivery, DeliveryReading reading, TimeProvider clock)
    {
        using var limit = new CancellationTokenSource(StoreWithin, clock);
        var storing = inbox.StoreAsync(delivery.Source, reading.EventId, reading.Signals, delivery.ReceivedAt, limit.Token);
        _ = storing.ContinueWith(task => task.Exception, TaskScheduler.Default);
        return await storing.WaitAsync(StoreWithin, clock);
    }

    private static bool IsDatabaseAway(Exception exception) =>
        exception is NpgsqlException or OperationCanceledException or TimeoutException or InvalidOperationException or DbUpdateException;

    private static ProblemHttpResult Refused(SignalMeter meter, string source, string code, int status)
    {
        meter.Delivered(source, code);
        return TypedResults.Problem(title: code, statusCode: status);
    }

    private static string MediaTypeOf(HttpRequest request)
    {
        try
        {
            return request.ContentType is { Length: > 0 } given ? new ContentType(given).MediaType.ToLowerInvariant() : "";
        }
        catch (FormatException)
        {
            return "malformed";
        }
    }
}
