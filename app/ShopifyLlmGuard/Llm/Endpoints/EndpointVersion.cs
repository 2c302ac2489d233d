using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Llm.Endpoints;

/// <summary>One saved description of an endpoint. Versions are only ever added; the newest one counts.</summary>
public sealed class EndpointVersion
{
    public long Id { get; init; }

    /// <summary>The endpoint's id.</summary>
    public required string Endpoint { get; init; }

    /// <summary>Everything but the key; null when the endpoint was taken out of the table.</summary>
    public LlmEndpoint? Settings { get; init; }

    /// <summary>The endpoint's key, sealed; null without one.</summary>
    public byte[]? SealedKey { get; init; }

    public required string Author { get; init; }
    public required string Reason { get; init; }
    public required DateTimeOffset SavedAt { get; init; }
}

internal sealed class EndpointVersionMapping : IEntityTypeConfiguration<EndpointVersion>
{
    public void Configure(EntityTypeBuilder<EndpointVersion> builder)
    {
        builder.HasIndex(version => new { version.Endpoint, version.Id });
        builder.Property(version => version.Settings).HasColumnType("jsonb").HasConversion(
            settings => JsonSerializer.Serialize(settings, JsonSerializerOptions.Web),
            json => JsonSerializer.Deserialize<LlmEndpoint>(json, JsonSerializerOptions.Web)!);
    }
}
