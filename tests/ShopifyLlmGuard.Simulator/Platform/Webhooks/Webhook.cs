using System.Security.Cryptography;
using System.Text;

namespace ShopifyLlmGuard.Simulator.Platform.Webhooks;

/// <summary>
/// One delivery: the bytes that are signed, and what Shopify says about them in headers. <paramref name="Id"/> is unique per
/// delivery, <paramref name="EventId"/> is shared by all deliveries that one merchant action caused.
/// </summary>
internal sealed record Webhook(string Topic, byte[] Body, Guid Id, Guid EventId, DateTimeOffset TriggeredAt)
{
    public static Webhook Of(string topic, byte[] body, DateTimeOffset now) =>
        new(topic, body, Guid.NewGuid(), Guid.NewGuid(), now);

    /// <returns>Base64 of the HMAC over the raw body.</returns>
    public static string Sign(byte[] body, string secret) =>
        Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body));
}
