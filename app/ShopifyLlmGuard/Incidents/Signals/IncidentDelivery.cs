using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Incidents.Signals;

/// <summary>A verified delivery in the inbox: stored once, answered at once, worked off right after. Its body is not kept.</summary>
public sealed class IncidentDelivery
{
    /// <summary>After so many attempts a delivery is given up; its row and its error stay for a person to look at.</summary>
    public const int MaximumAttempts = 12;

    /// <summary>The source and its own id of the delivery, or an id of ours where it has none.</summary>
    public required string Id { get; init; }

    public required string Source { get; init; }
    public required DateTimeOffset ReceivedAt { get; init; }
    public required IReadOnlyList<IncidentSignal> Signals { get; init; }
    public int Attempts { get; init; }

    /// <summary>When the next attempt may begin. Whoever takes a delivery moves this ahead, so that a dead server's delivery comes back.</summary>
    public required DateTimeOffset DueAt { get; init; }

    public DateTimeOffset? HandledAt { get; init; }

    /// <summary>Why the last attempt failed: a kind of error.</summary>
    public string? Error { get; init; }
}

internal sealed class IncidentDeliveryMapping : IEntityTypeConfiguration<IncidentDelivery>
{
    public void Configure(EntityTypeBuilder<IncidentDelivery> builder)
    {
        builder.HasIndex(delivery => new { delivery.HandledAt, delivery.DueAt });
        builder.Property(delivery => delivery.Signals).HasColumnType("jsonb").HasConversion(
            signals => JsonSerializer.Serialize(signals, JsonSerializerOptions.Web),
            json => JsonSerializer.Deserialize<List<IncidentSignal>>(json, JsonSerializerOptions.Web)!,
            ValueComparer.CreateDefault<IReadOnlyList<IncidentSignal>>(favorStructuralComparisons: false));
    }
}
