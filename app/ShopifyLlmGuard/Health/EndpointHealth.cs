using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Health;

/// <summary>What the health policy thinks of an endpoint. An endpoint that nobody has probed yet counts as up.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EndpointState>))]
public enum EndpointState
{
    Up,

    /// <summary>It answers, but too slowly or too often wrongly.</summary>
    Degraded,

    /// <summary>It does not answer probes.</summary>
    Down,
}

/// <summary>A configured endpoint and its state.</summary>
/// <param name="Endpoint">The endpoint's id.</param>
/// <param name="Region">Where it runs.</param>
/// <param name="Jurisdiction">Whose law it runs under.</param>
/// <param name="State">Up, degraded or down.</param>
/// <param name="Detail">Why it is not up, one plain sentence; null when up.</param>
/// <param name="Since">When the state began; null when it never changed.</param>
/// <param name="AttestedUntil">When the proof of its jurisdiction ends; null: never.</param>
public sealed record EndpointHealth(
    string Endpoint, string Region, string Jurisdiction, EndpointState State, string? Detail, DateTimeOffset? Since,
    DateTimeOffset? AttestedUntil = null)
{
    /// <summary>What was seen of it last. It may differ from the state for a while, because the policy waits for more of the same.</summary>
    public Finding Finding { get; init; }
}

/// <summary>An endpoint's state as every server remembers it. Written only on change.</summary>
public sealed class EndpointStanding
{
    public required string Endpoint { get; init; }
    public required EndpointState State { get; set; }
    public string? Detail { get; set; }
    public required DateTimeOffset Since { get; set; }
}

/// <summary>An endpoint's state changed.</summary>
public sealed class EndpointChange
{
    public long Id { get; init; }
    public required string Endpoint { get; init; }
    public required EndpointState State { get; init; }
    public string? Detail { get; init; }
    public required DateTimeOffset At { get; init; }
}

internal sealed class EndpointMapping : IEntityTypeConfiguration<EndpointStanding>, IEntityTypeConfiguration<EndpointChange>
{
    public void Configure(EntityTypeBuilder<EndpointStanding> builder)
    {
        builder.HasKey(standing => standing.Endpoint);
        builder.Property(standing => standing.State).HasConversion<string>();
    }

    public void Configure(EntityTypeBuilder<EndpointChange> builder) =>
        builder.Property(change => change.State).HasConversion<string>();
}
