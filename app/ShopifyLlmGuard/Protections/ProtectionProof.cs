using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Protections;

/// <summary>When a protection last acted, or was last drilled. One row for each of the two; the newest of all servers.</summary>
public sealed class ProtectionProof
{
    public required Protection Protection { get; init; }

    /// <summary>A planned drill; otherwise the real thing.</summary>
    public required bool Drilled { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>From the cause to the effect.</summary>
    public required double Milliseconds { get; init; }

    /// <summary>The machine that saw it.</summary>
    public required string Server { get; init; }
}

internal sealed class ProtectionProofMapping : IEntityTypeConfiguration<ProtectionProof>
{
    public void Configure(EntityTypeBuilder<ProtectionProof> builder)
    {
        builder.HasKey(proof => new { proof.Protection, proof.Drilled });
        builder.Property(proof => proof.Protection).HasConversion<string>();
    }
}
