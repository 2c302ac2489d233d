using Hangfire;
using Hangfire.AspNetCore;
using Hangfire.Logging;
using Hangfire.PostgreSql;
using Hangfire.PostgreSql.Factories;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Server.Jobs;

/// <summary>
/// Brings the database up to date and starts Hangfire on it, as soon as it answers. A database that is down delays the jobs,
/// never the server: the first try is awaited for a few seconds, the others go on in the background.
/// </summary>
internal sealed partial class Scheduler(
    IServiceScopeFactory scopes, IConfiguration configuration, ILoggerFactory loggers, TimeProvider clock, ILogger<Scheduler> logger) : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan FirstTry = TimeSpan.FromSeconds(10), Between = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private Task _startedLater = Task.CompletedTask;
    private BackgroundJobServer? _server;
    private IBackgroundJobClient? _jobs;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (!await TryMigrateAsync(cancellationToken))
        {
            Log.Waiting(logger);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _startedLater = Task.Run(() => StartJobsAsync(_stopping.Token), CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Runs the inbox soon instead of at its next turn. Without a scheduler it simply waits for its turn.</summary>
    public void HurryInbox()
    {
        try
        {
            _jobs?.Enqueue<Rounds>(rounds => rounds.InboxAsync(CancellationToken.None));
        }
        catch (BackgroundJobClientException exception)
        {
            Log.NotHurried(logger, exception.InnerException?.GetType().Name);
        }
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        _server?.SendStop();
        await _startedLater.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_server is not null)
        {
            await _server.WaitForShutdownAsync(cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _server?.Dispose();
        _stopping.Dispose();
    }

    private async Task StartJobsAsync(CancellationToken cancellationToken)
    {
        while (!await TryMigrateAsync(cancellationToken) || !TryStartHangfire())
        {
            await Task.Delay(Between, clock, cancellationToken);
        }
    }

    private async Task<bool> TryMigrateAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(FirstTry, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<GuardDb>().Database.MigrateAsync(either.Token);
            return true;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotMigrated(logger, exception.GetBaseException().Message);
            return false;
        }
    }

    private bool TryStartHangfire()
    {
        try
        {
            LogProvider.SetCurrentLogProvider(new AspNetCoreLogProvider(loggers));
            var options = new PostgreSqlStorageOptions { QueuePollInterval = TimeSpan.FromSeconds(1), StartupConnectionMaxRetries = 0, AllowDegradedModeWithoutStorage = false };
            var storage = new PostgreSqlStorage(new NpgsqlConnectionFactory(configuration.GetConnectionString("Guard")!, options), options);
            var recurring = new RecurringJobManager(storage);
            foreach (var round in Schedule.All)
            {
                recurring.AddOrUpdate(round.Name, round.Call, round.Cron);
            }

            _jobs = new BackgroundJobClient(storage);
            _server = new BackgroundJobServer(new BackgroundJobServerOptions
            {
                Activator = new AspNetCoreJobActivator(scopes),
                WorkerCount = 4,
                SchedulePollingInterval = TimeSpan.FromSeconds(1),
                ShutdownTimeout = TimeSpan.FromSeconds(5),
            }, storage);
            Log.Started(logger, Schedule.All.Count);
            return true;
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException or InvalidOperationException)
        {
            Log.NotMigrated(logger, exception.GetBaseException().Message);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Starting without the database: the last snapshot stands, jobs begin when it answers.")]
        public static partial void Waiting(ILogger logger);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The database is not ready: {Reason}")]
        public static partial void NotMigrated(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Information, Message = "The database is up to date; {Count} recurring jobs run.")]
        public static partial void Started(ILogger logger, int count);

        [LoggerMessage(Level = LogLevel.Information, Message = "The inbox waits for its turn: {Reason}.")]
        public static partial void NotHurried(ILogger logger, string? reason);
    }
}
