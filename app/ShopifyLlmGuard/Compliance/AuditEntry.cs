using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Compliance;

/// <summary>
/// One change that matters, in one chain for all servers. The database refuses to change or delete it. It holds only the hash of
/// its words, so that a shop's words can be deleted and the chain still stands.
/// </summary>
public sealed class AuditEntry
{
    /// <summary>Its place in the chain, from 1.</summary>
    public required long Sequence { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>One of <see cref="AuditActions"/>.</summary>
    public required string Action { get; init; }

    /// <summary>SHA-256 over <see cref="AuditWords"/> with their salt.</summary>
    public required byte[] WordsHash { get; init; }

    /// <summary>The places of the entries whose words were deleted with a shop, such as <c>3,7</c>; null for every other action.</summary>
    public string? Forgets { get; init; }

    /// <summary>The seal of the entry before it; null for the first.</summary>
    public byte[]? PreviousSeal { get; init; }

    /// <summary>HMAC-SHA256 over everything above.</summary>
    public byte[] Seal { get; internal set; } = [];
}

/// <summary>Who did what, and why. Nothing that a shopper wrote ever stands here.</summary>
public sealed class AuditWords
{
    /// <summary>The entry's place.</summary>
    public required long Sequence { get; init; }

    /// <summary>The shop that it is about; null for all of them.</summary>
    public string? Shop { get; init; }

    public required string Actor { get; init; }

    /// <summary>What was changed, such as <c>chat</c> or an endpoint's id.</summary>
    public required string Subject { get; init; }

    /// <summary>How it stands now, one line.</summary>
    public required string Detail { get; init; }

    public required string Reason { get; init; }

    /// <summary>Random, so that nobody can guess deleted words from their hash.</summary>
    public required byte[] Salt { get; init; }
}

/// <summary>Where the chain ends, so that a cut tail is found, too.</summary>
public sealed class AuditHead
{
    /// <summary>There is one row.</summary>
    public const int Only = 1;

    public required int Id { get; init; }
    public required long Sequence { get; init; }
    public required byte[] LastSeal { get; init; }
    public required DateTimeOffset At { get; init; }
    public required byte[] Seal { get; init; }
}

internal sealed class AuditMapping
    : IEntityTypeConfiguration<AuditEntry>, IEntityTypeConfiguration<AuditWords>, IEntityTypeConfiguration<AuditHead>
{
    public void Configure(EntityTypeBuilder<AuditEntry> builder)
    {
        builder.ToTable("audit_entries").HasKey(entry => entry.Sequence);
        builder.Property(entry => entry.Sequence).ValueGeneratedNever();
    }

    public void Configure(EntityTypeBuilder<AuditWords> builder)
    {
        builder.ToTable("audit_words").HasKey(words => words.Sequence);
        builder.Property(words => words.Sequence).ValueGeneratedNever();
        builder.HasIndex(words => words.Shop);
    }

    public void Configure(EntityTypeBuilder<AuditHead> builder)
    {
        builder.ToTable("audit_heads").HasKey(head => head.Id);
        builder.Property(head => head.Id).ValueGeneratedNever();
    }
}
