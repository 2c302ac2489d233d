using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Llm;

/// <summary>One attempt at an answer: which endpoint saw the words, why that one, under which law, and how it ended. Never the words.</summary>
/// <remarks>
/// A failed attempt and the fallback that replaced it are two records, and so is a call that no endpoint was allowed to see:
/// together they are the residency evidence. Each record is sealed and names the seal before it, see
/// <see cref="Compliance.EvidenceSeal"/>.
/// </remarks>
public sealed class AttemptRecord
{
    public long Id { get; init; }

    /// <summary>The moment, in microseconds as the database keeps it.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>On whose behalf: a shop's domain, or <c>key:</c> and a gateway key's id.</summary>
    public required string Shop { get; init; }

    public required string Feature { get; init; }

    /// <summary>Where the answer came from: <c>live</c>, <c>precomputed</c> or <c>static</c>.</summary>
    public required string Source { get; init; }

    /// <summary>Null for a fallback and for a refused call: nothing left this server.</summary>
    public string? Endpoint { get; init; }

    public string? Region { get; init; }
    public string? Jurisdiction { get; init; }
    public string? Operator { get; init; }

    /// <summary>Until when the endpoint's place was attested; null: the operator's own word.</summary>
    public DateTimeOffset? AttestedUntil { get; init; }

    public string? Model { get; init; }

    /// <summary>The release that shaped the call; null before there were any, and when none was asked.</summary>
    public string? Release { get; init; }

    /// <summary>Why this endpoint now: <c>first</c>, <c>retry</c> or <c>hedge</c>; null when none was asked.</summary>
    public string? Try { get; init; }

    /// <summary>What the caller allows, how many endpoints could have been asked, and why the others could not.</summary>
    public string? Basis { get; init; }

    /// <summary><c>answered</c>, or one of <see cref="Serving.Reasons"/>.</summary>
    public required string Outcome { get; init; }

    public long? InputTokens { get; init; }
    public long? OutputTokens { get; init; }
    public double? FirstTokenMilliseconds { get; init; }
    public required double Milliseconds { get; init; }

    /// <summary>The chain that it belongs to: one for each server and shop. Null in records from before there were chains.</summary>
    public string? Chain { get; internal set; }

    /// <summary>Its place in the chain, from 1.</summary>
    public long? Sequence { get; internal set; }

    /// <summary>The seal of the record before it; null for the first.</summary>
    public byte[]? PreviousSeal { get; internal set; }

    /// <summary>The moment of the record before it, by which one can tell whether that was old enough to be deleted.</summary>
    public DateTimeOffset? PreviousAt { get; internal set; }

    public byte[]? Seal { get; internal set; }
}

internal sealed class AttemptMapping : IEntityTypeConfiguration<AttemptRecord>
{
    public void Configure(EntityTypeBuilder<AttemptRecord> builder)
    {
        builder.ToTable("attempts");
        builder.HasIndex(attempt => new { attempt.Shop, attempt.At });
        builder.HasIndex(attempt => attempt.At);
        builder.HasIndex(attempt => new { attempt.Chain, attempt.Sequence }).IsUnique();
    }
}
