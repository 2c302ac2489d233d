using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using ShopifyLlmGuard.Incidents.Clocks;
using ShopifyLlmGuard.Incidents.Judgement;

namespace ShopifyLlmGuard.Incidents;

/// <summary>
/// What somebody found out, decided or handed in. Only ever added: a changed mind is one more row, and the newest counts. The
/// operator and each merchant decide for themselves, so a step belongs to one of them.
/// </summary>
public sealed class IncidentStep
{
    public const string Detected = "detected", Reopened = "reopened", Ended = "ended";
    public const string Assessed = "assessed", Aware = "aware", Decided = "decided", Submitted = "submitted", Closed = "closed";

    public long Id { get; init; }
    public long Incident { get; init; }

    /// <summary>The merchant whose step it is; null for the operator's and for the guard's own.</summary>
    public string? Shop { get; init; }

    /// <summary>One of the constants above.</summary>
    public required string Kind { get; init; }

    /// <summary>When it was so; a person may say so later.</summary>
    public required DateTimeOffset At { get; init; }

    public required DateTimeOffset RecordedAt { get; init; }
    public required string Actor { get; init; }

    /// <summary>Why, in that person's words.</summary>
    public string? Reason { get; init; }

    /// <summary>What was decided (one of <see cref="Topics"/>), or which report was handed in (a stage of <see cref="ClockRules"/>).</summary>
    public string? About { get; init; }

    /// <summary>What the decision is.</summary>
    public bool? Decision { get; init; }

    /// <summary>What the tool had proposed when a person decided about significance; null for every other step.</summary>
    public Proposal? Proposal { get; init; }

    /// <summary>The authority's reference of a report.</summary>
    public string? Reference { get; init; }

    /// <summary>What a person found out.</summary>
    public Assessment? Assessment { get; init; }

    /// <summary>Whether the guard did it by itself, so that everybody whom the incident touched may see it.</summary>
    public bool IsShared => Shop is null && Kind is Detected or Reopened or Ended;
}

internal sealed class IncidentStepMapping : IEntityTypeConfiguration<IncidentStep>
{
    public void Configure(EntityTypeBuilder<IncidentStep> builder)
    {
        builder.ToTable("incident_steps").HasIndex(step => step.Shop);
        builder.Property(step => step.Assessment).HasColumnType("jsonb").HasConversion(
            assessment => JsonSerializer.Serialize(assessment, JsonSerializerOptions.Web),
            json => JsonSerializer.Deserialize<Assessment>(json, JsonSerializerOptions.Web)!);
        builder.Property(step => step.Proposal).HasColumnType("jsonb").HasConversion(
            proposal => JsonSerializer.Serialize(proposal, JsonSerializerOptions.Web),
            json => JsonSerializer.Deserialize<Proposal>(json, JsonSerializerOptions.Web)!);
    }
}
