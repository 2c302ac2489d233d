using ShopifyLlmGuard.Simulator.Shop;

namespace ShopifyLlmGuard.Simulator.Platform.Webhooks;

/// <summary>Turns every change of the merchant's products into a delivery, while the app is installed.</summary>
internal sealed class ProductWebhooks(ShopState shop, Installation installation, WebhookSender sender, TimeProvider clock)
    : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        shop.ProductChanged += Send;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        shop.ProductChanged -= Send;
        return Task.CompletedTask;
    }

    private void Send(ProductChange change)
    {
        if (installation.Complete)
        {
            var topic = $"products/{change.Event.ToString().ToLowerInvariant()}";
            sender.Post(Webhook.Of(topic, WebhookPayloads.Of(change), clock.GetUtcNow()));
        }
    }
}
