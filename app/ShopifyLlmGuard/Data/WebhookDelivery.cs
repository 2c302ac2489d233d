using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Data;

/// <summary>A verified webhook in the inbox: stored once, answered at once, processed later.</summary>
public sealed class WebhookDelivery
{
    /// <summary>After so many attempts a delivery is given up: a person has to look, and nothing will be done with its body.</summary>
    public const int MaximumAttempts = 8;

    /// <summary>Shopify's webhook id; unique, so a repeated delivery changes nothing.</summary>
    public required string Id { get; init; }

    public required string Shop { get; init; }
    public required string Topic { get; init; }
    public required DateTimeOffset TriggeredAt { get; init; }
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>The raw body; emptied as soon as it is processed or its customer redacted, because it may name a customer.</summary>
    public string? Body { get; set; }

    public int Attempts { get; set; }
    public DateTimeOffset? ProcessedAt { get; set; }

    /// <summary>Why the last attempt failed, or why nothing had to be done: a kind of error, never a part of the body.</summary>
    public string? Error { get; set; }
}

internal sealed class WebhookDeliveryMapping : IEntityTypeConfiguration<WebhookDelivery>
{
    public void Configure(EntityTypeBuilder<WebhookDelivery> builder) =>
        builder.HasIndex(delivery => new { delivery.ProcessedAt, delivery.ReceivedAt });
}
