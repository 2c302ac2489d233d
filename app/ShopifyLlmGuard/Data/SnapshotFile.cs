using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Data;

/// <summary>The last good snapshot on disk, for a start without a database.</summary>
public sealed partial class SnapshotFile(IOptions<GuardOptions> options, ILogger<SnapshotFile> logger)
{
    private readonly string path = Path.Combine(options.Value.DataDirectory, "snapshot.json");

    internal Snapshot? Load()
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<Snapshot>(File.ReadAllText(path)) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            Log.Unreadable(logger, path, exception.GetType().Name);
            return null;
        }
    }

    // Written beside and renamed over, so that a crash leaves the old file or the new one, never half of one.
    internal void Save(Snapshot snapshot)
    {
        try
        {
            Directory.CreateDirectory(options.Value.DataDirectory);
            var next = $"{path}.{Environment.ProcessId}";
            using (var stream = new FileStream(next, FileMode.Create))
            {
                JsonSerializer.Serialize(stream, snapshot);
                stream.Flush(flushToDisk: true);
            }

            File.Move(next, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.Unwritable(logger, path, exception.GetType().Name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The last good snapshot {Path} cannot be read ({Problem}); starting without it.")]
        public static partial void Unreadable(ILogger logger, string path, string problem);

        [LoggerMessage(LogLevel.Warning, "The snapshot cannot be saved to {Path} ({Problem}); a start without the database would not know the shops.")]
        public static partial void Unwritable(ILogger logger, string path, string problem);
    }
}
