using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Serving.Bypassing;

/// <summary>How a bypass came on.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BypassWay>))]
public enum BypassWay
{
    /// <summary><c>GUARD_BYPASS=1</c> when the server started; it holds for this server, until it starts without.</summary>
    Environment,

    /// <summary>A file named <c>bypass</c> in the data directory; it holds for this server, until it is removed.</summary>
    File,

    /// <summary>The operator's command line; it holds everywhere.</summary>
    Command,

    /// <summary>A signed message; it holds everywhere.</summary>
    Webhook,

    /// <summary>Merchant staff in the admin; it holds for their shop, on every server.</summary>
    Admin,
}

/// <summary>Somebody turned the bypass on or off. Never changed; the newest of a scope stands, and ties are broken by the id.</summary>
/// <param name="Id">Identity: the same decision may arrive by several ways, and counts once.</param>
/// <param name="On">Whether only prepared content is served from now on.</param>
/// <param name="Shop">The shop's domain; null holds for every shop.</param>
/// <param name="Way">How it came in.</param>
/// <param name="Author">Who.</param>
/// <param name="Reason">Why, in words.</param>
/// <param name="At">When it was decided, by the clock of whoever did, but behind what stood there; in whole microseconds, UTC.</param>
public sealed record BypassDecision(Guid Id, bool On, string? Shop, BypassWay Way, string Author, string Reason, DateTimeOffset At)
{
    public const int LongestReason = 200;
    public const int LongestAuthor = 100;

    /// <summary>No clock may run further ahead than this: what was decided later could not be the last word until then.</summary>
    public static readonly TimeSpan FurthestAhead = TimeSpan.FromMinutes(5);

    /// <summary>A decision of this moment; what stands was decided before it, whatever the clock of whoever decided that.</summary>
    public static BypassDecision Make(
        bool on, string? shop, BypassWay way, string author, string reason, TimeProvider clock, BypassDecision? stands = null)
    {
        var now = DatabaseTime.Of(clock);
        return new BypassDecision(Guid.CreateVersion7(now), on, shop, way, author, reason, now).Behind(stands);
    }

    /// <summary>The same, and later than what stands.</summary>
    public BypassDecision Behind(BypassDecision? stands) => stands is null || At > stands.At ? this : this with { At = stands.At.AddMicroseconds(1) };

    /// <summary>The same, decided now if its own time cannot be true.</summary>
    public BypassDecision NotAhead(TimeProvider clock) => At > clock.GetUtcNow() + FurthestAhead ? this with { At = DatabaseTime.Of(clock) } : this;

    /// <summary>Whether this is that decision. The time may differ: a repetition is signed later, and a time that cannot be true is mended.</summary>
    public bool IsSameAs(BypassDecision other) => this == other with { At = At };

    public bool IsNewerThan(BypassDecision? other) =>
        other is null || At > other.At || (At == other.At && Id.CompareTo(other.Id) > 0);

    /// <summary>Everything that keeps it from being a decision; empty when nothing does.</summary>
    public IEnumerable<string> Mistakes()
    {
        if (string.IsNullOrWhiteSpace(Reason) || Reason.Length > LongestReason)
        {
            yield return $"A reason is needed, of at most {LongestReason} characters.";
        }

        if (string.IsNullOrWhiteSpace(Author) || Author.Length > LongestAuthor)
        {
            yield return $"An author is needed, of at most {LongestAuthor} characters.";
        }

        // A log line must not be forged, and PostgreSQL keeps no NUL: all that is decided later would wait behind it.
        if (Reason.Concat(Author).Any(char.IsControl))
        {
            yield return "Reason and author are one line each, without control characters.";
        }

        if (Shop is not null && !(ShopDomain.TryParse(Shop, out var domain) && domain == Shop))
        {
            yield return "The shop must be like name.myshopify.com.";
        }

        if (Way is BypassWay.Environment or BypassWay.File)
        {
            yield return "Environment and file hold for one server and are no decisions.";
        }
    }
}

/// <summary>Why only prepared content is served: one of possibly several causes.</summary>
public sealed record BypassHold(BypassWay Way, string Author, string Reason, DateTimeOffset Since);

internal sealed class BypassDecisionMapping : IEntityTypeConfiguration<BypassDecision>
{
    public void Configure(EntityTypeBuilder<BypassDecision> builder)
    {
        builder.Property(decision => decision.Way).HasConversion<string>();
        builder.HasIndex(decision => new { decision.Shop, decision.At });
    }
}
