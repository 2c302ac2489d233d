using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Llm.Residency;

namespace ShopifyLlmGuard.Shops;

/// <summary>A shop that has, or had, the app installed.</summary>
public sealed class Shop
{
    /// <summary>The jurisdictions of a shop that never chose.</summary>
    public static IReadOnlyList<string> DefaultJurisdictions { get; } = ["EU"];

    /// <summary>E.g. <c>carewell.myshopify.com</c>.</summary>
    public required string Domain { get; init; }

    public required string Name { get; set; }

    /// <summary>ISO 4217, e.g. <c>EUR</c>.</summary>
    public required string Currency { get; set; }

    /// <summary>Jurisdictions that may see shoppers' words. An endpoint of any other is never contacted for this shop.</summary>
    public List<string> Jurisdictions { get; set; } = [.. DefaultJurisdictions];

    /// <summary>The GID that owns the app-data metafields.</summary>
    public string? AppInstallationId { get; set; }

    public required DateTimeOffset InstalledAt { get; set; }
    public DateTimeOffset? UninstalledAt { get; set; }
}

/// <summary>A shop as decisions and prompts see it.</summary>
/// <param name="Domain">E.g. <c>carewell.myshopify.com</c>.</param>
/// <param name="Name">The shop's name.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Jurisdictions">Allowed jurisdictions; nothing else is allowed.</param>
/// <param name="AppInstallationId">Owner of the app-data metafields; null when unknown.</param>
public sealed record ShopProfile(
    string Domain, string Name, string Currency, IReadOnlyList<string> Jurisdictions, string? AppInstallationId = null)
{
    /// <summary>A shop that no snapshot knows: nothing is allowed, so no endpoint is ever contacted for it.</summary>
    public static ShopProfile Unknown(string domain) => new(domain, domain.Split('.')[0], "", []);

    /// <summary>Whether an endpoint may see the shop's words.</summary>
    public bool MaySee(EndpointHealth endpoint, DateTimeOffset now) => ResidencyPolicy.Objection(
        Jurisdictions, endpoint.Region, endpoint.Jurisdiction, endpoint.AttestedUntil, now) is null;
}

internal sealed class ShopMapping : IEntityTypeConfiguration<Shop>
{
    public void Configure(EntityTypeBuilder<Shop> builder) => builder.HasKey(shop => shop.Domain);
}
