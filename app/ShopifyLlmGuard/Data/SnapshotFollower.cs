using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace ShopifyLlmGuard.Data;

/// <summary>
/// Keeps the snapshot new: listens for changes and reads what they name, polls in case a notification was lost, and comes back
/// and reads everything after the database was away. Also brings the schema up to date, as soon as there is a database to do that in.
/// </summary>
internal sealed partial class SnapshotFollower(
    NpgsqlDataSource source, IDbContextFactory<GuardDb> databases, Snapshots snapshots, IOptions<GuardOptions> options,
    TimeProvider clock, ILogger<SnapshotFollower> logger) : BackgroundService
{
    private readonly TaskCompletionSource firstRead = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool migrated;
    private bool lost;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await base.StartAsync(cancellationToken);

        // A short wait spares a healthy start its first wrong answers; a dead database must not hold the start up.
        await Task.WhenAny(firstRead.Task, Task.Delay(options.Value.WaitForDatabaseAtStart, clock, cancellationToken));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var failures = 0; !stoppingToken.IsCancellationRequested; failures++)
        {
            try
            {
                await FollowAsync(() => failures = 0, stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                Lose(exception);
                await Task.Delay(Backoff(failures), clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task FollowAsync(Action succeeded, CancellationToken cancellationToken)
    {
        await MigrateAsync(cancellationToken);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using (var listen = new NpgsqlCommand($"LISTEN {GuardDb.Channel}", connection))
        {
            await listen.ExecuteNonQueryAsync(cancellationToken);
        }

        var heard = new ConcurrentQueue<string>();
        connection.Notification += (_, notification) => heard.Enqueue(notification.Payload);
        await snapshots.RefreshAsync(cancellationToken);
        Find();
        succeeded();

        // Beside each other: a look at everything takes longer than a change may.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] both = [ListenAsync(connection, heard, either.Token), PollAsync(either.Token)];
        var ended = await Task.WhenAny(both);
        await either.CancelAsync();
        await Task.WhenAll(both).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ended;
    }

    private async Task ListenAsync(NpgsqlConnection connection, ConcurrentQueue<string> heard, CancellationToken cancellationToken)
    {
        while (true)
        {
            await connection.WaitAsync(cancellationToken);
            var changes = new SnapshotChanges();
            while (heard.TryDequeue(out var payload))
            {
                changes.Add(SnapshotChanges.Parse(payload));
            }

            if (!changes.IsNothing)
            {
                await snapshots.FollowAsync(changes, cancellationToken);
            }
        }
    }

    private async Task PollAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(options.Value.PollEvery, clock, cancellationToken);
            await snapshots.RefreshAsync(cancellationToken);
        }
    }

    private async Task MigrateAsync(CancellationToken cancellationToken)
    {
        if (migrated || !options.Value.MigrateAtStart)
        {
            return;
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.Database.MigrateAsync(cancellationToken);
        migrated = true;
    }

    private TimeSpan Backoff(int failures)
    {
        var longest = Math.Min(options.Value.LongestBackoff.TotalSeconds, 0.25 * Math.Pow(2, Math.Min(failures, 16)));
        return TimeSpan.FromSeconds(longest * (0.5 + (Random.Shared.NextDouble() / 2)));
    }

    private void Find()
    {
        firstRead.TrySetResult();
        if (lost)
        {
            lost = false;
            Log.Found(logger);
        }
    }

    private void Lose(Exception exception)
    {
        snapshots.DatabaseIsSilent();
        if (!lost)
        {
            lost = true;
            Log.Lost(logger, exception.GetBaseException().GetType().Name, exception.GetBaseException().Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The database does not answer ({Problem}: {Message}); the last snapshot stands.")]
        public static partial void Lost(ILogger logger, string problem, string message);

        [LoggerMessage(LogLevel.Information, "The database answers again; the snapshot is new.")]
        public static partial void Found(ILogger logger);
    }
}
