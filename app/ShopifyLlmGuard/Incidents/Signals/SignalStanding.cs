using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Incidents.Signals;

/// <summary>The newest that is known of one thing that a source speaks of, and what the guard did about it.</summary>
public sealed class SignalStanding
{
    public required string Source { get; init; }
    public required string DedupKey { get; init; }

    /// <summary>The newest signal by the source's own time, whatever came last.</summary>
    public required IncidentSignal Signal { get; set; }

    /// <summary>The time, by the source, of the signal that opened the present or the last episode of firing; null if it was never seen to fire.</summary>
    public DateTimeOffset? OpenedAt { get; set; }

    /// <summary>When the signal came to the guard's door.</summary>
    public required DateTimeOffset ReceivedAt { get; set; }

    /// <summary>When something was last done because of it, or it was first seen to fire and nothing was.</summary>
    public required DateTimeOffset ActedAt { get; set; }

    /// <summary>The names of the rules that it matches; empty when nobody has said what to do.</summary>
    public string[] Rules { get; set; } = [];

    /// <summary>The pins of the present episode, or of the last one.</summary>
    public Guid[] Pins { get; set; } = [];

    /// <summary>What was done: one of <see cref="SignalOutcomes"/>.</summary>
    public required string Outcome { get; set; }
}

internal sealed class SignalStandingMapping : IEntityTypeConfiguration<SignalStanding>
{
    public void Configure(EntityTypeBuilder<SignalStanding> builder)
    {
        builder.HasKey(standing => new { standing.Source, standing.DedupKey });
        builder.HasIndex(standing => standing.ReceivedAt);
        builder.Property(standing => standing.Signal).HasColumnType("jsonb").HasConversion(
            signal => JsonSerializer.Serialize(signal, JsonSerializerOptions.Web),
            json => JsonSerializer.Deserialize<IncidentSignal>(json, JsonSerializerOptions.Web)!,
            ValueComparer.CreateDefault<IncidentSignal>(favorStructuralComparisons: false));
    }
}
