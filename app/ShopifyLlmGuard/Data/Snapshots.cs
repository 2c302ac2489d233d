using Microsoft.Extensions.Logging;

namespace ShopifyLlmGuard.Data;

/// <summary>The snapshot that this server decides from. Reading it never waits and never touches the database.</summary>
public sealed partial class Snapshots(SnapshotReader reader, SnapshotFile file, ILogger<Snapshots> logger) : IDisposable
{
    // Whoever reads later reads newer rows, so readings that stand in the order in which they began never lead back.
    private readonly SemaphoreSlim oneAtATime = new(1, 1);
    private readonly Dictionary<string, string?> prints = [];
    private volatile Snapshot current = file.Load() ?? Snapshot.Empty;

    /// <summary>The newest snapshot: at start the last good one from disk.</summary>
    public Snapshot Current => current;

    /// <summary>Whether the database answered the last time it was asked.</summary>
    public bool DatabaseAnswers { get; private set; }

    /// <summary>Raised after a new snapshot stands. Handlers must be quick and must not throw.</summary>
    public event Action<Snapshot>? Changed;

    /// <summary>
    /// Looks at the whole database, reads what is not known yet, and swaps the snapshot. Throws what the database throws; the old
    /// one then stands.
    /// </summary>
    public Task RefreshAsync(CancellationToken cancellationToken = default) => SwapAsync(token => reader.ReadAllAsync(prints, token), cancellationToken);

    public void Dispose() => oneAtATime.Dispose();

    /// <summary>Reads what somebody says has changed. Throws what the database throws.</summary>
    internal Task FollowAsync(SnapshotChanges changes, CancellationToken cancellationToken) =>
        changes.IsEverything ? RefreshAsync(cancellationToken) : SwapAsync(token => reader.ReadAsync(changes, token), cancellationToken);

    internal void DatabaseIsSilent() => DatabaseAnswers = false;

    private async Task SwapAsync(Func<CancellationToken, Task<SnapshotUpdate>> read, CancellationToken cancellationToken)
    {
        await oneAtATime.WaitAsync(cancellationToken);
        try
        {
            var update = await read(cancellationToken);
            current = update.Apply(current);
            foreach (var (part, print) in update.Prints)
            {
                prints[part] = print;
            }

            DatabaseAnswers = true;
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
