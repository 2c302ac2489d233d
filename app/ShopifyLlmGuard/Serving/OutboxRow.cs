using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Serving;

/// <summary>A shop that waits for publication.</summary>
public sealed class OutboxRow
{
    public required string Shop { get; init; }

    /// <summary>Counts the changes: a row that has grown while it was published stays.</summary>
    public required long Version { get; init; }

    /// <summary>Whether the products' metafields may differ, too; a new mode concerns only the app's own.</summary>
    public required bool Products { get; init; }

    /// <summary>One of very many that changed at once; it lets a shop's own change go first.</summary>
    public required bool Bulk { get; init; }

    public required DateTimeOffset AskedAt { get; init; }

    /// <summary>Not before: Shopify throttles, or the last attempt failed.</summary>
    public required DateTimeOffset DueAt { get; init; }

    /// <summary>Until then a server works on it.</summary>
    public DateTimeOffset? ClaimedUntil { get; init; }

    /// <summary>Failed attempts in a row, and the kind of the last failure.</summary>
    public required int Attempts { get; init; }

    public string? Trouble { get; init; }
}

internal sealed class OutboxRowMapping : IEntityTypeConfiguration<OutboxRow>
{
    public void Configure(EntityTypeBuilder<OutboxRow> builder)
    {
        builder.ToTable("outbox");
        builder.HasKey(row => row.Shop);
        builder.HasIndex(row => new { row.Bulk, row.DueAt });
    }
}
