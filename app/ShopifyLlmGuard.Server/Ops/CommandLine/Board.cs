using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Server.Ops.CommandLine;

/// <summary>The newest state that can be had from here.</summary>
internal static class Board
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Reads the database; where it does not answer, the last snapshot on this machine's disk stands.</summary>
    /// <returns>Where the state is from, in words.</returns>
    public static async Task<string> ReadAsync(IServiceProvider services)
    {
        var snapshots = services.GetRequiredService<Snapshots>();
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await snapshots.RefreshAsync(limit.Token);
            return "the database";
        }
        catch (Exception away) when (away is OperationCanceledException or DbException or DbUpdateException or InvalidOperationException)
        {
            return snapshots.Current.LoadedAt == DateTimeOffset.MinValue
                ? "nowhere: the database does not answer, and there is no snapshot on this machine"
                : $"the last snapshot on this machine, of {snapshots.Current.LoadedAt:u}: the database does not answer";
        }
    }
}
