using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Privacy;

/// <summary>Proof that a privacy request was carried out: what kind, when, how many rows. Never whose.</summary>
public sealed class PrivacyRecord
{
    public long Id { get; init; }
    public required string Shop { get; init; }

    /// <summary><c>customers/data_request</c>, <c>customers/redact</c> or <c>shop/redact</c>.</summary>
    public required string Kind { get; init; }

    public required DateTimeOffset At { get; init; }
    public required int Rows { get; init; }
}

internal sealed class PrivacyRecordMapping : IEntityTypeConfiguration<PrivacyRecord>
{
    public void Configure(EntityTypeBuilder<PrivacyRecord> builder) => builder.HasIndex(record => record.Shop);
}
