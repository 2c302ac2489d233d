using System.Threading.Channels;
using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Simulator.Platform.Webhooks;

/// <summary>Delivers webhooks in the background, each with its retries; a slow one does not hold up the next.</summary>
internal sealed partial class WebhookSender(
    IHttpClientFactory clients, IOptions<SimulatorOptions> simulator, IOptions<PlatformOptions> platform,
    TimeProvider clock, ILogger<WebhookSender> logger) : BackgroundService
{
    public const string Client = "webhooks";

    private readonly Channel<Webhook> queue = Channel.CreateUnbounded<Webhook>();

    public void Post(Webhook webhook) => queue.Writer.TryWrite(webhook);

    /// <summary>One try, now.</summary>
    /// <returns>The status, or null when there was no answer within the limit.</returns>
    public async Task<int?> TryAsync(Webhook webhook, bool badSignature, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(platform.Value.WebhookLimit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            using var client = clients.CreateClient(Client);
            using var request = Request(webhook, badSignature);
            using var answer = await client.SendAsync(request, either.Token);
            return (int)answer.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var webhook in queue.Reader.ReadAllAsync(stoppingToken))
        {
            _ = DeliverAsync(webhook, stoppingToken);
        }
    }

    private async Task DeliverAsync(Webhook webhook, CancellationToken cancellationToken)
    {
        var pause = platform.Value.WebhookPause;
        for (var tries = 0; ; tries++, pause *= 2)
        {
            var status = await TryAsync(webhook, badSignature: false, cancellationToken);
            if (status is >= 200 and < 300)
            {
                Log.Delivered(logger, webhook.Topic, webhook.Id);
                return;
            }

            var outcome = status is { } code ? $"status {code}" : "no answer";
            if (tries >= platform.Value.WebhookRetries)
            {
                Log.GaveUp(logger, webhook.Topic, webhook.Id, outcome);
                return;
            }

            Log.Retries(logger, webhook.Topic, webhook.Id, outcome, pause);
            await Task.Delay(pause, clock, cancellationToken);
        }
    }

    private HttpRequestMessage Request(Webhook webhook, bool badSignature)
    {
        var secret = badSignature ? "not the secret" : simulator.Value.ClientSecret;
        var request = new HttpRequestMessage(HttpMethod.Post, $"{simulator.Value.AppUrl.TrimEnd('/')}/webhooks/shopify")
        {
            Content = new ByteArrayContent(webhook.Body) { Headers = { ContentType = new("application/json") } },
        };
        request.Headers.Add("X-Shopify-Topic", webhook.Topic);
        request.Headers.Add("X-Shopify-Hmac-Sha256", Webhook.Sign(webhook.Body, secret));
        request.Headers.Add("X-Shopify-Shop-Domain", simulator.Value.Shop);
        request.Headers.Add("X-Shopify-API-Version", Graphql.GraphqlEndpoint.Version);
        request.Headers.Add("X-Shopify-Webhook-Id", webhook.Id.ToString());
        request.Headers.Add("X-Shopify-Triggered-At", webhook.TriggeredAt.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", null));
        request.Headers.Add("X-Shopify-Event-Id", webhook.EventId.ToString());
        return request;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Webhook {Topic} {Id} was delivered.")]
        public static partial void Delivered(ILogger logger, string topic, Guid id);

        [LoggerMessage(Level = LogLevel.Information, Message = "Webhook {Topic} {Id}: {Outcome}; again in {Pause}.")]
        public static partial void Retries(ILogger logger, string topic, Guid id, string outcome, TimeSpan pause);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Webhook {Topic} {Id}: {Outcome}; no more retries.")]
        public static partial void GaveUp(ILogger logger, string topic, Guid id, string outcome);
    }
}
