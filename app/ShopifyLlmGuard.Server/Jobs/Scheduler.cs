using System.Linq.Expressions;
using Hangfire;
using Hangfire.AspNetCore;
using Hangfire.Logging;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;
using Hangfire.PostgreSql;
using Hangfire.PostgreSql.Factories;

namespace ShopifyLlmGuard.Server.Jobs;

/// <summary>
/// Starts Hangfire as soon as the database answers. A database that is down, at start or later, delays the jobs and never the
/// server.
/// </summary>
internal sealed partial class Scheduler(
    IServiceScopeFactory scopes, IConfiguration configuration, ILoggerFactory loggers, TimeProvider clock, ILogger<Scheduler> logger) : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource stopping = new();
    private Task startedLater = Task.CompletedTask;
    private BackgroundJobServer? server;
    private IBackgroundJobClient? jobs;
    private string? waitingFor;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        startedLater = Task.Run(() => StartJobsAsync(stopping.Token), CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Runs a round soon instead of at its next turn. Without a scheduler it simply waits for its turn.</summary>
    public void Hurry(Expression<Func<Rounds, Task>> round)
    {
        try
        {
            jobs?.Enqueue(round);
        }
        catch (BackgroundJobClientException exception)
        {
            Log.NotHurried(logger, exception);
        }
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        server?.SendStop();
        await startedLater.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (server is not null)
        {
            await server.WaitForShutdownAsync(cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        server?.Dispose();
        stopping.Dispose();
    }

    private async Task StartJobsAsync(CancellationToken cancellationToken)
    {
        while (!TryStartHangfire())
        {
            await Task.Delay(Between, clock, cancellationToken);
        }
    }

    private bool TryStartHangfire()
    {
        try
        {
            LogProvider.SetCurrentLogProvider(new AspNetCoreLogProvider(loggers));
            var options = new PostgreSqlStorageOptions
            {
                QueuePollInterval = TimeSpan.FromSeconds(1),
                // A killed server leaves its locks and its jobs behind. Nobody holds a lock for longer than a moment, and whoever
                // works on a job says so all the time; by default the others would wait for 10 and 30 minutes.
                DistributedLockTimeout = TimeSpan.FromSeconds(10),
                UseSlidingInvisibilityTimeout = true,
                InvisibilityTimeout = TimeSpan.FromSeconds(30),
                StartupConnectionMaxRetries = 0,
                AllowDegradedModeWithoutStorage = false,
            };
            var storage = new PostgreSqlStorage(new NpgsqlConnectionFactory(configuration.GetConnectionString("Guard")!, options), options);
            var recurring = new RecurringJobManager(storage);
            foreach (var round in Schedule.All)
            {
                recurring.AddOrUpdate(round.Name, round.Call, round.Cron);
            }

            // Whoever installed the app while there was no scheduler waits for these.
            recurring.Trigger("catalog");

            jobs = new BackgroundJobClient(storage);
            server = new BackgroundJobServer(new BackgroundJobServerOptions
            {
                Activator = new AspNetCoreJobActivator(scopes),
                WorkerCount = 4,
                SchedulePollingInterval = TimeSpan.FromSeconds(1),
                ShutdownTimeout = TimeSpan.FromSeconds(5),
            }, storage);
            Log.Started(logger, Schedule.All.Count);
            return true;
        }
        catch (Exception exception)
        {
            // Whatever it is, it must not end all recurring work for good.
            Wait(exception.GetBaseException());
            return false;
        }
    }

    private void Wait(Exception problem)
    {
        if (waitingFor != problem.Message)
        {
            waitingFor = problem.Message;
            Log.Waiting(logger, problem.GetType().Name, problem.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Recurring jobs could not start and are tried again every few seconds ({Problem}: {Message}).")]
        public static partial void Waiting(ILogger logger, string problem, string message);

        [LoggerMessage(Level = LogLevel.Information, Message = "{Count} recurring jobs run.")]
        public static partial void Started(ILogger logger, int count);

        [LoggerMessage(Level = LogLevel.Information, Message = "A round waits for its turn.")]
        public static partial void NotHurried(ILogger logger, Exception exception);
    }
}
