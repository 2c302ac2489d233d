using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Health.Leases;

/// <summary>Which server looks after an endpoint, for all of them. The database's clock alone says until when.</summary>
public sealed class ProbeLease
{
    public required string Endpoint { get; init; }

    /// <summary>A name that no other process has ever had.</summary>
    public required string Holder { get; init; }

    public required DateTimeOffset Until { get; init; }
}

internal sealed class ProbeLeaseMapping : IEntityTypeConfiguration<ProbeLease>
{
    public void Configure(EntityTypeBuilder<ProbeLease> builder) => builder.HasKey(lease => lease.Endpoint);
}
