using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Llm;

/// <summary>One attempt at an answer: which endpoint saw the words, under which law, and how it ended. Never the words.</summary>
/// <remarks>A failed attempt and the fallback that replaced it are two records: together they are the residency evidence.</remarks>
public sealed class AttemptRecord
{
    public long Id { get; init; }
    public required DateTimeOffset At { get; init; }
    public required string Shop { get; init; }
    public required string Feature { get; init; }

    /// <summary>Where the answer came from: <c>live</c>, <c>precomputed</c> or <c>static</c>.</summary>
    public required string Source { get; init; }

    /// <summary>Null for a fallback: nothing left this server.</summary>
    public string? Endpoint { get; init; }

    public string? Region { get; init; }
    public string? Jurisdiction { get; init; }
    public string? Model { get; init; }

    /// <summary><c>answered</c>, or one of <see cref="Serving.Reasons"/>.</summary>
    public required string Outcome { get; init; }

    public long? InputTokens { get; init; }
    public long? OutputTokens { get; init; }
    public double? FirstTokenMilliseconds { get; init; }
    public required double Milliseconds { get; init; }
}

internal sealed class AttemptMapping : IEntityTypeConfiguration<AttemptRecord>
{
    public void Configure(EntityTypeBuilder<AttemptRecord> builder)
    {
        builder.ToTable("attempts");
        builder.HasIndex(attempt => new { attempt.Shop, attempt.At });
    }
}
