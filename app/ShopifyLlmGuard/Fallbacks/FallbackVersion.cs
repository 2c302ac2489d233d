using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Fallbacks;

/// <summary>One saved version of a shop's fallback content. Versions are only ever added, so that any can be restored.</summary>
public sealed class FallbackVersion
{
    public long Id { get; init; }
    public required string Shop { get; init; }
    public required FallbackContent Content { get; init; }
    public required string Author { get; init; }
    public required DateTimeOffset SavedAt { get; init; }
}

internal sealed class FallbackVersionMapping : IEntityTypeConfiguration<FallbackVersion>
{
    public void Configure(EntityTypeBuilder<FallbackVersion> builder)
    {
        builder.HasIndex(version => new { version.Shop, version.Id });
        builder.Property(version => version.Content).HasColumnType("jsonb").HasConversion(
            content => JsonSerializer.Serialize(content, JsonSerializerOptions.Web),
            json => JsonSerializer.Deserialize<FallbackContent>(json, JsonSerializerOptions.Web)!);
    }
}
