using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Catalog;

/// <summary>A precomputed recommendation: a product that goes with another, and why in one line.</summary>
public sealed record RelatedProduct(long Id, string Handle, string Reason);

/// <summary>The precomputed recommendations of one product, best first.</summary>
public sealed class RelatedProducts
{
    public required string Shop { get; init; }
    public required long ProductId { get; init; }
    public required IReadOnlyList<RelatedProduct> Items { get; set; }
}

/// <summary>Which version of a shop's catalogue is stored, and for which one the related products are computed.</summary>
public sealed class CatalogVersion
{
    public required string Shop { get; init; }
    public required long Stored { get; set; }
    public required long Computed { get; set; }
}

internal sealed class RelatedProductsMapping : IEntityTypeConfiguration<RelatedProducts>, IEntityTypeConfiguration<CatalogVersion>
{
    public void Configure(EntityTypeBuilder<RelatedProducts> builder)
    {
        builder.HasKey(related => new { related.Shop, related.ProductId });
        builder.Property(related => related.Items).HasColumnType("jsonb").HasConversion(
            items => JsonSerializer.Serialize(items, JsonSerializerOptions.Web),
            json => JsonSerializer.Deserialize<List<RelatedProduct>>(json, JsonSerializerOptions.Web)!,
            new ValueComparer<IReadOnlyList<RelatedProduct>>(
                (left, right) => left!.SequenceEqual(right!), items => items.Count, items => items));
    }

    public void Configure(EntityTypeBuilder<CatalogVersion> builder) => builder.HasKey(version => version.Shop);
}
