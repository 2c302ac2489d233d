using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Propagation;

/// <summary>How fast a server got the last heartbeats.</summary>
/// <param name="Server">The server's name.</param>
/// <param name="Echoes">Milliseconds, oldest first.</param>
/// <param name="LastAt">When the last one was noted.</param>
public sealed record ServerEchoes(string Server, IReadOnlyList<double> Echoes, DateTimeOffset LastAt)
{
    public double Last => Echoes[^1];

    public double Slowest => Echoes.Max();

    public double Median => Echoes.Order().ElementAt(Echoes.Count / 2);
}

/// <summary>How fast changes reach every server: measured all the time, with a change that means nothing.</summary>
public sealed class PropagationBoard(IDbContextFactory<GuardDb> databases, TimeProvider clock)
{
    public static readonly TimeSpan Shown = TimeSpan.FromHours(1);

    /// <summary>The echoes of the last hour by server. Throws what the database throws.</summary>
    public async Task<IReadOnlyList<ServerEchoes>> ReadAsync(CancellationToken cancellationToken = default)
    {
        var oldest = clock.GetUtcNow() - Shown;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var echoes = await db.HeartbeatEchoes.AsNoTracking().Where(echo => echo.At >= oldest).OrderBy(echo => echo.At).ToListAsync(cancellationToken);
        return [.. echoes.GroupBy(echo => echo.Server).OrderBy(same => same.Key, StringComparer.Ordinal)
            .Select(same => new ServerEchoes(same.Key, [.. same.Select(echo => echo.Milliseconds)], same.Max(echo => echo.At)))];
    }
}
