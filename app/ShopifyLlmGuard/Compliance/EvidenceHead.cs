using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Compliance;

/// <summary>Where a chain of records ends, so that a missing end is found, too.</summary>
public sealed class EvidenceHead
{
    /// <summary>A server, a shop and a number in one name.</summary>
    public required string Chain { get; init; }

    public required string Shop { get; init; }

    /// <summary>The last record's place.</summary>
    public required long Sequence { get; set; }

    /// <summary>The last record's seal.</summary>
    public required byte[] LastSeal { get; set; }

    public required DateTimeOffset At { get; set; }

    /// <summary>The head's own seal.</summary>
    public byte[] Seal { get; set; } = [];
}

internal sealed class EvidenceHeadMapping : IEntityTypeConfiguration<EvidenceHead>
{
    public void Configure(EntityTypeBuilder<EvidenceHead> builder)
    {
        builder.HasKey(head => head.Chain);
        builder.HasIndex(head => head.Shop);
        builder.HasIndex(head => head.At);
    }
}
