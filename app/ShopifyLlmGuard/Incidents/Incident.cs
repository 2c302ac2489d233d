using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Incidents;

/// <summary>Something wrong, with a beginning, an end and clocks. Holds no shopper's words.</summary>
public sealed class Incident
{
    /// <summary>The cause of an incident that a person opened.</summary>
    public const string ByHand = "by-hand";

    /// <summary>Who opens and ends incidents when nobody does.</summary>
    public const string Automatic = "the guard";

    public long Id { get; init; }

    /// <summary>The reason of the first fall, one of <see cref="Serving.Reasons"/>, or <see cref="ByHand"/>.</summary>
    public required string Cause { get; init; }

    /// <summary>One line, the guard's or a person's.</summary>
    public required string Title { get; init; }

    /// <summary>When the trouble showed first.</summary>
    public required DateTimeOffset DetectedAt { get; init; }

    public required string DetectedBy { get; init; }

    /// <summary>When every affected feature was live again, or held on purpose; null while one is neither.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>When a person closed the file; a closed incident is never re-opened.</summary>
    public DateTimeOffset? ClosedAt { get; set; }

    /// <summary>Endpoints that were in trouble.</summary>
    public List<string> Endpoints { get; set; } = [];

    /// <summary>Where they run.</summary>
    public List<string> Regions { get; set; } = [];

    /// <summary>What later trouble is recognised by, such as <c>endpoint:fra-1</c>.</summary>
    public List<string> Marks { get; set; } = [];

    public List<IncidentImpact> Impacts { get; } = [];
    public List<IncidentStep> Steps { get; } = [];
}

/// <summary>A shop's feature was not live, from when to when.</summary>
public sealed class IncidentImpact
{
    /// <summary>Stands in for a shop that was deleted.</summary>
    public const string DeletedShop = "a deleted shop";

    public long Id { get; init; }
    public long Incident { get; init; }
    public required string Shop { get; init; }
    public required string Feature { get; init; }
    public required string Reason { get; init; }
    public required DateTimeOffset From { get; init; }

    /// <summary>Null while it goes on.</summary>
    public DateTimeOffset? Until { get; set; }
}

/// <summary>How far the changes of modes have been looked at.</summary>
public sealed class IncidentCursor
{
    /// <summary>There is one row.</summary>
    public const int Only = 1;

    public required int Id { get; init; }
    public required long LastChange { get; set; }
}

internal sealed class IncidentMapping
    : IEntityTypeConfiguration<Incident>, IEntityTypeConfiguration<IncidentImpact>, IEntityTypeConfiguration<IncidentCursor>
{
    public void Configure(EntityTypeBuilder<Incident> builder)
    {
        builder.ToTable("incidents").HasIndex(incident => incident.EndedAt);
        builder.HasMany(incident => incident.Impacts).WithOne().HasForeignKey(impact => impact.Incident);
        builder.HasMany(incident => incident.Steps).WithOne().HasForeignKey(step => step.Incident);
    }

    public void Configure(EntityTypeBuilder<IncidentImpact> builder) =>
        builder.ToTable("incident_impacts").HasIndex(impact => new { impact.Shop, impact.Incident });

    public void Configure(EntityTypeBuilder<IncidentCursor> builder)
    {
        builder.ToTable("incident_cursors");
        builder.Property(cursor => cursor.Id).ValueGeneratedNever();
    }
}
