using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Propagation;

/// <summary>A change that means nothing: it takes the way of every pin, so that one sees how fast a pin would be.</summary>
public sealed class Heartbeat
{
    /// <summary>Its number; a later one is higher.</summary>
    public long Id { get; init; }

    /// <summary>When it was written, by the database's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The server that wrote it.</summary>
    public required string Server { get; init; }
}

/// <summary>A server decides by a heartbeat's snapshot.</summary>
public sealed class HeartbeatEcho
{
    public required long Number { get; init; }
    public required string Server { get; init; }

    /// <summary>
    /// From the writing to the moment at which the database learns that the server decides by it. Both ends are read from the
    /// database's clock, so that the servers' clocks may differ as they like; the way back to the database is counted, too.
    /// </summary>
    public required double Milliseconds { get; init; }

    public required DateTimeOffset At { get; init; }
}

internal sealed class HeartbeatMapping : IEntityTypeConfiguration<Heartbeat>, IEntityTypeConfiguration<HeartbeatEcho>
{
    public void Configure(EntityTypeBuilder<Heartbeat> builder) => builder.HasIndex(beat => beat.At);

    public void Configure(EntityTypeBuilder<HeartbeatEcho> builder)
    {
        builder.HasKey(echo => new { echo.Number, echo.Server });
        builder.HasIndex(echo => echo.At);
    }
}
