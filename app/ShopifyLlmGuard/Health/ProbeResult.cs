using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Health;

/// <summary>One active check of an endpoint. Kept for a day, so that any server can decide from the last ones.</summary>
public sealed class ProbeResult
{
    public long Id { get; init; }
    public required string Endpoint { get; init; }
    public required DateTimeOffset At { get; init; }
    public required bool Good { get; init; }

    /// <summary>How long it took, in milliseconds.</summary>
    public required double Milliseconds { get; init; }

    /// <summary>One of <see cref="Serving.Reasons"/>; null when good.</summary>
    public string? Reason { get; init; }

    /// <summary>What a human wants to know, e.g. "connection refused"; never what the endpoint wrote.</summary>
    public string? Detail { get; init; }
}

internal sealed class ProbeResultMapping : IEntityTypeConfiguration<ProbeResult>
{
    public void Configure(EntityTypeBuilder<ProbeResult> builder) =>
        builder.HasIndex(probe => new { probe.Endpoint, probe.Id });
}
