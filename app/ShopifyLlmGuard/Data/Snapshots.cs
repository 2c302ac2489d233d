using Microsoft.Extensions.Logging;

namespace ShopifyLlmGuard.Data;

/// <summary>The snapshot that this server decides from. Reading it never waits and never touches the database.</summary>
public sealed partial class Snapshots(SnapshotReader reader, SnapshotFile file, ILogger<Snapshots> logger) : IDisposable
{
    private readonly SemaphoreSlim oneAtATime = new(1, 1);
    private volatile Snapshot current = file.Load() ?? Snapshot.Empty;

    /// <summary>The newest snapshot: at start the last good one from disk.</summary>
    public Snapshot Current => current;

    /// <summary>Whether the database answered the last time it was asked.</summary>
    public bool DatabaseAnswers { get; private set; }

    /// <summary>Raised after a new snapshot stands. Handlers must be quick and must not throw.</summary>
    public event Action<Snapshot>? Changed;

    /// <summary>Reads the database and swaps the snapshot. Throws what the database throws; the old one then stands.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken = default)
    {
        await oneAtATime.WaitAsync(cancellationToken);
        try
        {
            current = await reader.ReadAsync(cancellationToken);
            DatabaseAnswers = true;
            file.Save(current);
        }
        finally
        {
            oneAtATime.Release();
        }

        foreach (var handler in Changed?.GetInvocationList() ?? [])
        {
            Tell((Action<Snapshot>)handler);
        }
    }

    public void Dispose() => oneAtATime.Dispose();

    internal void DatabaseIsSilent() => DatabaseAnswers = false;

    private void Tell(Action<Snapshot> handler)
    {
        try
        {
            handler(current);
        }
        catch (Exception exception)
        {
            Log.HandlerFailed(logger, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "A handler of the new snapshot failed.")]
        public static partial void HandlerFailed(ILogger logger, Exception exception);
    }
}
