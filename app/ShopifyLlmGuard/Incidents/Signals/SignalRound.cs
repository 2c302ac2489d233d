using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace ShopifyLlmGuard.Incidents.Signals;

/// <summary>Works off the inbox. Every server may do it at the same time; each delivery is taken by one.</summary>
internal sealed partial class SignalRound(SignalInbox inbox, SignalDesk desk, ILogger<SignalRound> logger)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (await inbox.TakeAsync(cancellationToken) is { } delivery)
        {
            try
            {
                await TakeAsync(delivery, cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.Failed(logger, delivery.Source, delivery.Attempts, exception.GetBaseException().GetType().Name);
                await inbox.FailAsync(delivery, exception.GetBaseException().GetType().Name, cancellationToken);
            }
        }
    }

    // One that fails does not hold up the others; a database that is away fails for all of them. After the last attempt a person hears of each.
    private async Task TakeAsync(IncidentDelivery delivery, CancellationToken cancellationToken)
    {
        var (failure, undone) = ((Exception?)null, new List<IncidentSignal>());

        // In one order everywhere, so that two servers never wait for each other.
        foreach (var signal in delivery.Signals.OrderBy(signal => signal.DedupKey, StringComparer.Ordinal))
        {
            try
            {
                await (failure is not null && IsAway(failure) ? Task.FromException(failure) : desk.TakeAsync(signal, delivery.ReceivedAt, cancellationToken));
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                failure = exception;
                undone.Add(signal);
            }
        }

        if (failure is null)
        {
            await inbox.FinishAsync(delivery, cancellationToken);
            return;
        }

        if (delivery.Attempts >= IncidentDelivery.MaximumAttempts)
        {
            undone.ForEach(desk.GiveUp);
        }

        ExceptionDispatchInfo.Throw(failure);
    }

    // A statement that took too long, or lost a deadlock, is the trouble of one signal.
    private static bool IsAway(Exception? exception) => exception switch
    {
        null => false,
        PostgresException refused => refused.SqlState.StartsWith("08", StringComparison.Ordinal) || refused.SqlState.StartsWith("57P", StringComparison.Ordinal),
        NpgsqlException { IsTransient: true, InnerException: not TimeoutException } => true,
        _ => IsAway(exception.InnerException),
    };

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "A delivery of {Source} failed in attempt {Attempt} ({Why}).")]
        public static partial void Failed(ILogger logger, string source, int attempt, string why);
    }
}

/// <summary>Rings when a delivery has been stored, so that nobody has to wait for a turn.</summary>
public sealed class SignalBell
{
    private readonly Channel<bool> rung = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Ring() => rung.Writer.TryWrite(true);

    internal async Task WaitAsync(CancellationToken cancellationToken) => await rung.Reader.ReadAsync(cancellationToken);
}

/// <summary>Runs the round when the bell rings, and every few seconds for what another server left behind.</summary>
internal sealed partial class SignalWatch(SignalRound round, SignalInbox inbox, SignalBell bell, TimeProvider clock, ILogger<SignalWatch> logger) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5), TidyEvery = TimeSpan.FromHours(1);
    private long? tidied;
    private bool lost;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await LookAsync(stoppingToken);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            await Task.WhenAny(bell.WaitAsync(either.Token), Task.Delay(LookEvery, clock, either.Token));
            await either.CancelAsync();
        }
    }

    private async Task LookAsync(CancellationToken stoppingToken)
    {
        try
        {
            await round.RunAsync(stoppingToken);
            if (tidied is null || clock.GetElapsedTime(tidied.Value) > TidyEvery)
            {
                tidied = clock.GetTimestamp();
                await inbox.TidyAsync(stoppingToken);
            }

            lost = false;
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            if (!lost)
            {
                lost = true;
                Log.Waiting(logger, exception.GetBaseException().GetType().Name);
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Signals of monitoring systems wait, because the inbox cannot be read ({Why}).")]
        public static partial void Waiting(ILogger logger, string why);
    }
}
