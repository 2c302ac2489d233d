using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Flags;

/// <summary>A merchant's switch for a feature. No row means the feature's default.</summary>
public sealed class Flag
{
    public required string Shop { get; init; }
    public required string Feature { get; init; }
    public required bool On { get; set; }
}

/// <summary>Who turned a flag, when and why.</summary>
public sealed class FlagChange
{
    public long Id { get; init; }
    public required string Shop { get; init; }
    public required string Feature { get; init; }
    public required bool On { get; init; }
    public required string Actor { get; init; }
    public required string Reason { get; init; }
    public required DateTimeOffset At { get; init; }
}

internal sealed class FlagMapping : IEntityTypeConfiguration<Flag>, IEntityTypeConfiguration<FlagChange>
{
    public void Configure(EntityTypeBuilder<Flag> builder) => builder.HasKey(flag => new { flag.Shop, flag.Feature });

    public void Configure(EntityTypeBuilder<FlagChange> builder) => builder.HasIndex(change => new { change.Shop, change.At });
}
