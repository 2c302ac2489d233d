using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Incidents.Answers;

/// <summary>How many answers of one kind a shop's shoppers got in one minute, from all servers. A number, never an answer.</summary>
public sealed class AnswerMinute
{
    public required string Shop { get; init; }

    /// <summary>The beginning of the minute.</summary>
    public required DateTimeOffset Minute { get; init; }

    public required string Feature { get; init; }

    /// <summary><c>live</c>, <c>precomputed</c> or <c>static</c>.</summary>
    public required string Source { get; init; }

    /// <summary>One of <see cref="Serving.Reasons"/>; empty when live.</summary>
    public required string Reason { get; init; }

    public required long Count { get; init; }
}

/// <summary>Answers of one kind.</summary>
public sealed record AnswerCount(string Feature, string Source, string Reason, long Count);

internal sealed class AnswerMinuteMapping : IEntityTypeConfiguration<AnswerMinute>
{
    public void Configure(EntityTypeBuilder<AnswerMinute> builder)
    {
        builder.ToTable("answer_minutes").HasKey(row => new { row.Shop, row.Minute, row.Feature, row.Source, row.Reason });
        builder.HasIndex(row => row.Minute);
    }
}
