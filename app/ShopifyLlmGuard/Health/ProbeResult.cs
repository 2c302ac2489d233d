using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Health;

/// <summary>What an observation says. No data is a value of its own: neither good nor bad.</summary>
public enum Finding
{
    Unhealthy = -1,
    Unknown = 0,
    Healthy = 1,
}

/// <summary>How far a probe came: the step that it failed at, or its last one.</summary>
public static class ProbeStage
{
    public const string Liveness = "liveness";
    public const string Readiness = "readiness";
    public const string Generation = "generation";
}

/// <summary>One active check of an endpoint. Kept for some days, so that any server can decide from the last ones, and a human can look back.</summary>
public sealed class ProbeResult
{
    public long Id { get; init; }
    public required string Endpoint { get; init; }
    public required DateTimeOffset At { get; init; }
    public required bool Good { get; init; }

    /// <summary>The probe itself was wrong, for instance its key: that says nothing about the endpoint.</summary>
    public bool IsOwnFault { get; init; }

    /// <summary>One of <see cref="ProbeStage"/>.</summary>
    public string? Stage { get; init; }

    /// <summary>How long it took, in milliseconds.</summary>
    public required double Milliseconds { get; init; }

    /// <summary>One of <see cref="Serving.Reasons"/>; null when good.</summary>
    public string? Reason { get; init; }

    /// <summary>What a human wants to know, e.g. "connection refused"; never what the endpoint wrote.</summary>
    public string? Detail { get; init; }

    /// <summary>The server that looked.</summary>
    public string? Prober { get; init; }

    /// <summary>Requests that the host was answering; null: it does not say.</summary>
    public double? Running { get; init; }

    /// <summary>What the host had computed since its start, in its own unit; null: it does not say.</summary>
    public double? Computed { get; init; }

    /// <summary>What part of its memory for running answers was in use, 0 to 1; null: it does not say.</summary>
    public double? KvUse { get; init; }

    public Finding Finding => Good ? Finding.Healthy : IsOwnFault ? Finding.Unknown : Finding.Unhealthy;
}

internal sealed class ProbeResultMapping : IEntityTypeConfiguration<ProbeResult>
{
    public void Configure(EntityTypeBuilder<ProbeResult> builder) =>
        builder.HasIndex(probe => new { probe.Endpoint, probe.Id });
}
