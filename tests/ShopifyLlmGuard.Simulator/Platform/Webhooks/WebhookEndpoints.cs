namespace ShopifyLlmGuard.Simulator.Platform.Webhooks;

/// <summary>What happened to one asked-for delivery: the app's status per try, null for no answer.</summary>
internal sealed record WebhookReport(string Topic, Guid Id, IReadOnlyList<int?> Statuses);

/// <summary>`POST /simulator/webhooks/{topic}`: sends one webhook now and tells how the app answered.</summary>
internal static class WebhookEndpoints
{
    public static void MapWebhooks(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/simulator/webhooks/{**topic}", Send).DisableAntiforgery();

    /// <summary>
    /// Sends the posted body, or a typical one, <paramref name="copies"/> times with the same id (a given
    /// <paramref name="id"/> replays an earlier delivery). `app/uninstalled` really uninstalls the app first.
    /// </summary>
    private static async Task<IResult> Send(
        string topic, HttpRequest request, WebhookPayloads payloads, WebhookSender sender, Installation installation,
        TimeProvider clock, CancellationToken cancellationToken, int copies = 1, bool badSignature = false, Guid? id = null)
    {
        using var posted = new MemoryStream();
        await request.Body.CopyToAsync(posted, cancellationToken);
        var body = posted.Length > 0 ? posted.ToArray() : payloads.Sample(topic);
        if (body is null)
        {
            return Results.NotFound(new { error = $"The app has no subscription for '{topic}'." });
        }

        if (topic == WebhookPayloads.Uninstalled && !badSignature)
        {
            installation.Uninstall();
        }

        var fresh = Webhook.Of(topic, body, clock.GetUtcNow());
        var webhook = id is { } replayed ? fresh with { Id = replayed } : fresh;
        var statuses = new List<int?>();
        for (var sent = 0; sent < copies; sent++)
        {
            statuses.Add(await sender.TryAsync(webhook, badSignature, cancellationToken));
        }

        return Results.Json(new WebhookReport(topic, webhook.Id, statuses));
    }
}
