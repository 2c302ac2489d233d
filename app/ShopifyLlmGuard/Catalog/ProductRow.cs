using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using NpgsqlTypes;

namespace ShopifyLlmGuard.Catalog;

/// <summary>A product in the database, with the vector that full-text search reads.</summary>
public sealed class ProductRow
{
    public required string Shop { get; init; }
    public required long Id { get; init; }
    public required string Handle { get; set; }
    public required string Title { get; set; }
    public required string Vendor { get; set; }
    public required string ProductType { get; set; }
    public required List<string> Tags { get; set; }

    /// <summary>The tags as one text, because a generated column may not call <c>array_to_string</c>.</summary>
    public required string TagText { get; set; }

    public required string Description { get; set; }
    public required decimal Price { get; set; }
    public required string Currency { get; set; }
    public string? ImageUrl { get; set; }
    public required DateTimeOffset UpdatedAt { get; set; }

    /// <summary>A tombstone: a late update that is older than the removal must not bring the product back.</summary>
    public DateTimeOffset? RemovedAt { get; set; }

    public NpgsqlTsVector Search { get; private set; } = null!;

    internal CatalogProduct ToProduct() => new(
        Id, Handle, Title, Vendor, ProductType, Tags, Description, Price, Currency, ImageUrl, UpdatedAt);
}

internal sealed class ProductMapping : IEntityTypeConfiguration<ProductRow>
{
    public void Configure(EntityTypeBuilder<ProductRow> builder)
    {
        builder.ToTable("products");
        builder.HasKey(product => new { product.Shop, product.Id });
        builder.HasIndex(product => new { product.Shop, product.Handle });
        builder.Property(product => product.Search).HasComputedColumnSql(
            """
            setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', tag_text), 'B') ||
            setweight(to_tsvector('english', product_type || ' ' || vendor), 'C') ||
            setweight(to_tsvector('english', description), 'D')
            """, stored: true);
        builder.HasIndex(product => product.Search).HasMethod("gin");
    }
}
