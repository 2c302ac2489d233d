using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Releases;

/// <summary>What happened to a feature's releases.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RolloutStep>))]
public enum RolloutStep
{
    /// <summary>A candidate began to answer a share of the visitors.</summary>
    Started,

    /// <summary>It answers another share.</summary>
    Widened,

    /// <summary>It answers everyone.</summary>
    Promoted,

    /// <summary>The one before answers again.</summary>
    RolledBack,
}

/// <summary>Which releases of a feature answer, since a moment. Rows are only ever added; the last one holds.</summary>
public sealed class RolloutChange
{
    public long Id { get; init; }
    public required string Feature { get; init; }

    /// <summary>Answers whoever the candidate does not.</summary>
    public required string Stable { get; init; }

    /// <summary>What was stable before; null when there was nothing.</summary>
    public string? Previous { get; init; }

    /// <summary>Answers <see cref="Percent"/> of the visitors; null when there is none.</summary>
    public string? Candidate { get; init; }

    public int Percent { get; init; }

    /// <summary>Whether the guard widens it by itself while it is good.</summary>
    public bool IsAutomatic { get; init; }

    public required RolloutStep Step { get; init; }
    public required string Actor { get; init; }
    public required string Reason { get; init; }

    /// <summary>What went wrong: one of <see cref="Comparing.ReleaseSignals"/>; null when a human did it.</summary>
    public string? Signal { get; init; }

    public required DateTimeOffset At { get; init; }
}

/// <summary>A feature's releases as decisions see them.</summary>
/// <param name="Stable">Answers whoever the candidate does not.</param>
/// <param name="Previous">What was stable before.</param>
/// <param name="Candidate">Answers a share of the visitors.</param>
/// <param name="Percent">That share.</param>
/// <param name="IsAutomatic">Whether the guard widens it by itself.</param>
/// <param name="Step">How it came to this.</param>
/// <param name="Since">And when.</param>
public sealed record Rollout(
    Release Stable, Release? Previous, Release? Candidate, int Percent, bool IsAutomatic, RolloutStep Step, DateTimeOffset Since)
{
    /// <summary>A feature that nobody ever released anything for.</summary>
    public static Rollout Of(string feature) =>
        new(Release.BuiltInOf(feature), null, null, 0, false, RolloutStep.RolledBack, DateTimeOffset.MinValue);

    /// <summary>The release that has yet to prove itself; null when there is none.</summary>
    internal Release? Watched => Candidate ?? (Step == RolloutStep.Promoted && Previous is not null ? Stable : null);

    /// <summary>
    /// Which two releases are compared at a moment; null when none are. After a promotion a few visitors keep the predecessor for a
    /// while: without them nobody could tell an outage of everything from a bad release, and nothing would keep it warm.
    /// </summary>
    internal ReleasePair? PairAt(DateTimeOffset now, ReleaseOptions options) => Candidate is not null
        ? new(Candidate, Stable, Percent, Since)
        : Step == RolloutStep.Promoted && Previous is not null && now - Since < options.WatchAfterPromotion
            ? new(Stable, Previous, 100 - options.HoldOut, Since) : null;
}

internal sealed class RolloutChangeMapping : IEntityTypeConfiguration<RolloutChange>
{
    public void Configure(EntityTypeBuilder<RolloutChange> builder)
    {
        builder.Property(change => change.Step).HasConversion<string>();
        builder.HasIndex(change => new { change.Feature, change.Id });
    }
}
