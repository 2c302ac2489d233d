using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Serving;

/// <summary>A shop's feature began to serve in another mode or for another reason. Written only on change.</summary>
public sealed class ServingChange
{
    public long Id { get; init; }
    public required string Shop { get; init; }
    public required string Feature { get; init; }
    public required Mode Mode { get; init; }
    public string? Reason { get; init; }
    public string? Detail { get; init; }
    public required DateTimeOffset At { get; init; }
}

internal sealed class ServingChangeMapping : IEntityTypeConfiguration<ServingChange>
{
    public void Configure(EntityTypeBuilder<ServingChange> builder)
    {
        builder.Property(change => change.Mode).HasConversion<string>();
        builder.HasIndex(change => new { change.Shop, change.Feature, change.Id });
    }
}
