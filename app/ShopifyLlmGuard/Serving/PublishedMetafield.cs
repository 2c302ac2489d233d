using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Serving;

/// <summary>What Shopify last confirmed to hold.</summary>
public sealed class PublishedMetafield
{
    public required string Shop { get; init; }

    /// <summary>The owner's GID.</summary>
    public required string Owner { get; init; }

    public required string Key { get; init; }
    public required string Hash { get; set; }
    public required DateTimeOffset PublishedAt { get; set; }
}

internal sealed class PublishedMetafieldMapping : IEntityTypeConfiguration<PublishedMetafield>
{
    public void Configure(EntityTypeBuilder<PublishedMetafield> builder) =>
        builder.HasKey(published => new { published.Shop, published.Owner, published.Key });
}
