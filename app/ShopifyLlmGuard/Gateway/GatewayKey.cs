using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Gateway;

/// <summary>An in-house caller's key, as it is kept: whoever reads this table can call nobody.</summary>
public sealed class GatewayKey
{
    /// <summary>The part of the key that is no secret; it names the caller in records.</summary>
    public required string Id { get; init; }

    /// <summary>Whose it is, in the operator's words.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the whole key. The key is random, so nothing slower is needed.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>The only jurisdictions that may see this caller's words.</summary>
    public required List<string> Jurisdictions { get; init; }

    public required int PerMinute { get; init; }

    /// <summary>How many of its calls may run at the same time.</summary>
    public required int AtOnce { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
    public required string CreatedBy { get; init; }

    /// <summary>Null never expires by itself.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }
    public string? RevokedBy { get; init; }
}

/// <summary>A key as decisions see it.</summary>
/// <param name="Id">See <see cref="GatewayKey.Id"/>.</param>
/// <param name="Hash">SHA-256 of the whole key.</param>
/// <param name="Jurisdictions">Allowed jurisdictions; nothing else is allowed.</param>
/// <param name="PerMinute">Calls a minute.</param>
/// <param name="AtOnce">Calls at the same time.</param>
/// <param name="ExpiresAt">Null never.</param>
public sealed record GatewayKeyProfile(
    string Id, byte[] Hash, IReadOnlyList<string> Jurisdictions, int PerMinute, int AtOnce, DateTimeOffset? ExpiresAt);

internal sealed class GatewayKeyMapping : IEntityTypeConfiguration<GatewayKey>
{
    public void Configure(EntityTypeBuilder<GatewayKey> builder) => builder.ToTable("gateway_keys").HasKey(key => key.Id);
}
