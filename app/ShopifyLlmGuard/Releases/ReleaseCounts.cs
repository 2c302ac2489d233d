using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Releases;

/// <summary>What became of answers that a release was asked for.</summary>
public sealed record ReleaseCounts
{
    public static ReleaseCounts None { get; } = new();

    public long Answers { get; init; }

    /// <summary>No answer in time.</summary>
    public long Missed { get; init; }

    /// <summary>Something else than its answer was shown, for whatever reason.</summary>
    public long Fallbacks { get; init; }

    /// <summary>Its host failed, or was not there.</summary>
    public long Errors { get; init; }

    /// <summary>It answered what could not be shown.</summary>
    public long Unusable { get; init; }

    /// <summary>There was no room.</summary>
    public long Busy { get; init; }

    /// <summary>The model, or its host, would not answer such a question.</summary>
    public long Refusals { get; init; }

    /// <summary>Answers from a time in which the predecessor's usual speed was known.</summary>
    public long Paced { get; init; }

    /// <summary>Those that were written much slower than that.</summary>
    public long Slow { get; init; }

    /// <summary>How one answer counts; null when the release has no part in how it ended.</summary>
    internal static ReleaseCounts? Of(Answer answer, bool? isSlow) => answer.Release is null || answer.Reason == Reasons.Cancelled ? null : new()
    {
        Answers = 1,
        Missed = One(answer.Reason == Reasons.Timeout),
        Fallbacks = One(answer.Source != Sources.Live),
        Errors = One(answer.Reason is Reasons.EndpointError or Reasons.EndpointUnreachable or Reasons.IncompleteAnswer
            or Reasons.InternalError or Reasons.BreakerOpen or Reasons.NoEligibleEndpoint),
        Unusable = One(!answer.IsRefusal && answer.Reason is (Reasons.EmptyAnswer or Reasons.UnusableAnswer)),
        Busy = One(answer.Reason is Reasons.EndpointBusy or Reasons.BulkheadFull),
        Refusals = One(answer.IsRefusal || answer.Reason == Reasons.RequestRefused),
        Paced = One(isSlow is not null),
        Slow = One(isSlow == true),
    };

    public static ReleaseCounts operator +(ReleaseCounts one, ReleaseCounts other) => new()
    {
        Answers = one.Answers + other.Answers, Missed = one.Missed + other.Missed, Fallbacks = one.Fallbacks + other.Fallbacks,
        Errors = one.Errors + other.Errors, Unusable = one.Unusable + other.Unusable, Busy = one.Busy + other.Busy,
        Refusals = one.Refusals + other.Refusals, Paced = one.Paced + other.Paced, Slow = one.Slow + other.Slow,
    };

    private static int One(bool isSo) => isSo ? 1 : 0;
}

/// <summary>What one server counted of a release in one minute.</summary>
public sealed class ReleaseMinute
{
    public required string Feature { get; init; }
    public required string Release { get; init; }

    /// <summary>Its beginning; minutes are counted from the rollout's last step, see <see cref="ReleasePair.MinuteOf"/>.</summary>
    public required DateTimeOffset Minute { get; init; }

    /// <summary>The server's process: each counts for itself, and writes its sum again when it has grown.</summary>
    public required Guid Server { get; init; }

    public required ReleaseCounts Counts { get; set; }
}

internal sealed class ReleaseMinuteMapping : IEntityTypeConfiguration<ReleaseMinute>
{
    public void Configure(EntityTypeBuilder<ReleaseMinute> builder)
    {
        builder.HasKey(minute => new { minute.Feature, minute.Release, minute.Minute, minute.Server });
        builder.HasIndex(minute => minute.Minute);
        builder.ComplexProperty(minute => minute.Counts, counts =>
        {
            counts.Property(count => count.Answers).HasColumnName("answers");
            counts.Property(count => count.Missed).HasColumnName("missed");
            counts.Property(count => count.Fallbacks).HasColumnName("fallbacks");
            counts.Property(count => count.Errors).HasColumnName("errors");
            counts.Property(count => count.Unusable).HasColumnName("unusable");
            counts.Property(count => count.Busy).HasColumnName("busy");
            counts.Property(count => count.Refusals).HasColumnName("refusals");
            counts.Property(count => count.Paced).HasColumnName("paced");
            counts.Property(count => count.Slow).HasColumnName("slow");
        });
    }
}
