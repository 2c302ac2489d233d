using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Serving;

/// <summary>Who holds a pin. The order is the rank: a human outranks an incident, an incident a drill.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PinHolder>))]
public enum PinHolder
{
    Human,
    Incident,
    Drill,
}

/// <summary>A mode that someone holds; it outranks the health policy until it is released or expires.</summary>
/// <param name="Id">Identity, for release.</param>
/// <param name="Shop">The shop's domain; null holds for every shop.</param>
/// <param name="Feature">The feature's key; null holds for every feature.</param>
/// <param name="Mode">The mode that is held.</param>
/// <param name="Holder">What kind of holder.</param>
/// <param name="Actor">Who, in words.</param>
/// <param name="Reason">Why, in words.</param>
/// <param name="From">Since when.</param>
/// <param name="Until">When it expires by itself; null only ends by release.</param>
public sealed record Pin(
    Guid Id, string? Shop, string? Feature, Mode Mode, PinHolder Holder, string Actor, string Reason,
    DateTimeOffset From, DateTimeOffset? Until)
{
    /// <summary>The region whose endpoints are not to be used meanwhile, whatever their health; null holds the feature itself.</summary>
    public string? Region { get; init; }

    public DateTimeOffset? ReleasedAt { get; init; }
    public string? ReleasedBy { get; init; }
    public string? ReleaseReason { get; init; }

    /// <summary>Whether the pin holds this shop's feature at its mode at <paramref name="now"/>.</summary>
    public bool Holds(string shop, string feature, DateTimeOffset now) => Region is null && Stands(shop, feature, now);

    /// <summary>Whether the pin keeps this shop's feature away from a region at <paramref name="now"/>.</summary>
    public bool HoldsRegion(string region, string shop, string feature, DateTimeOffset now) =>
        Region is not null && string.Equals(Region, region, StringComparison.OrdinalIgnoreCase) && Stands(shop, feature, now);

    private bool Stands(string shop, string feature, DateTimeOffset now) =>
        ReleasedAt is null && From <= now && (Until is null || now < Until) &&
        (Shop is null || Shop == shop) && (Feature is null || Feature == feature);
}

/// <summary>What it takes to pin a mode.</summary>
/// <param name="Shop">Null pins every shop.</param>
/// <param name="Feature">Null pins every feature.</param>
/// <param name="Mode">The mode to hold.</param>
/// <param name="Holder">Human, incident or drill.</param>
/// <param name="Actor">Who.</param>
/// <param name="Reason">Why.</param>
/// <param name="For">How long; null until released.</param>
public sealed record PinRequest(
    string? Shop, string? Feature, Mode Mode, PinHolder Holder, string Actor, string Reason, TimeSpan? For = null);

/// <summary>Pins that one signal holds and releases.</summary>
/// <param name="Hold">With ids that are the same however often the signal comes.</param>
/// <param name="Release">Ids; of pins that do not stand any more, none is touched.</param>
/// <param name="Actor">Who releases.</param>
/// <param name="Reason">Why it is released.</param>
internal sealed record PinChange(IReadOnlyList<Pin> Hold, IReadOnlyList<Guid> Release, string Actor, string Reason);

internal sealed class PinMapping : IEntityTypeConfiguration<Pin>
{
    public void Configure(EntityTypeBuilder<Pin> builder)
    {
        builder.Property(pin => pin.Mode).HasConversion<string>();
        builder.Property(pin => pin.Holder).HasConversion<string>();
        builder.HasIndex(pin => pin.ReleasedAt);
    }
}
