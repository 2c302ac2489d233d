using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Shops;

/// <summary>A shop's tokens in clear. Never log, store or serialize one; <see cref="ToString"/> says nothing.</summary>
/// <param name="AccessToken">Sent with Admin API calls.</param>
/// <param name="AccessExpiresAt">When the access token dies.</param>
/// <param name="RefreshToken">Exchanged for the next pair.</param>
/// <param name="RefreshExpiresAt">When only a merchant who opens the app can repair it.</param>
/// <param name="Scope">Granted scopes, comma-separated.</param>
public sealed record ShopTokens(
    string AccessToken, DateTimeOffset AccessExpiresAt, string RefreshToken, DateTimeOffset RefreshExpiresAt, string Scope)
{
    public override string ToString() => $"{nameof(ShopTokens)} until {AccessExpiresAt:u}";
}

/// <summary>A shop's tokens as they rest in the database: AES-GCM, bound to the shop.</summary>
public sealed class ShopTokenRow
{
    public required string Shop { get; init; }
    public required byte[] AccessToken { get; set; }
    public required DateTimeOffset AccessExpiresAt { get; set; }
    public required byte[] RefreshToken { get; set; }
    public required DateTimeOffset RefreshExpiresAt { get; set; }
    public required string Scope { get; set; }
}

internal sealed class ShopTokenMapping : IEntityTypeConfiguration<ShopTokenRow>
{
    public void Configure(EntityTypeBuilder<ShopTokenRow> builder) => builder.HasKey(row => row.Shop);
}
