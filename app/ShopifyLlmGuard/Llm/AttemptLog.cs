using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Llm;

/// <summary>Counts attempts and keeps their records, off the hot path: when the database is slow, records are dropped and counted.</summary>
internal sealed partial class AttemptLog(GuardMeter meter, TimeProvider clock, ILogger<AttemptLog> logger)
{
    private readonly Channel<AttemptRecord> waiting = Channel.CreateBounded<AttemptRecord>(2048);

    public ChannelReader<AttemptRecord> Waiting => waiting.Reader;

    /// <summary>An endpoint was called.</summary>
    public void Attempted(ModelCall call, Attempt attempt)
    {
        var outcome = attempt.Reason ?? "answered";
        meter.Attempted(call.Feature, attempt.Endpoint!.Id, attempt.Endpoint.Region, outcome, attempt.Duration, attempt.FirstToken);
        if (attempt.Reason is not null)
        {
            Log.AttemptFailed(logger, call.Feature, attempt.Endpoint.Id, outcome, attempt.Duration.TotalMilliseconds);
        }

        Keep(new AttemptRecord
        {
            At = clock.GetUtcNow(), Shop = call.Caller.Id, Feature = call.Feature, Source = Chat.Sources.Live,
            Endpoint = attempt.Endpoint.Id, Region = attempt.Endpoint.Region, Jurisdiction = attempt.Endpoint.Jurisdiction,
            Model = attempt.Endpoint.Model, Outcome = outcome, InputTokens = attempt.InputTokens, OutputTokens = attempt.OutputTokens,
            FirstTokenMilliseconds = attempt.FirstToken?.TotalMilliseconds, Milliseconds = attempt.Duration.TotalMilliseconds,
        });
    }

    public void Retried(ModelCall call, Attempt attempt) => meter.Retried(call.Feature, attempt.Reason!);

    /// <summary>A shopper has an answer. One that replaces a live one is a record of its own.</summary>
    public void Answered(string shop, Chat.Answer answer, TimeSpan duration)
    {
        meter.Answered(answer.Feature, answer.Source, answer.Reason, duration);
        if (answer.Mode == Serving.Mode.Live && answer.Source != Chat.Sources.Live)
        {
            Keep(new AttemptRecord
            {
                At = clock.GetUtcNow(), Shop = shop, Feature = answer.Feature, Source = answer.Source,
                Outcome = answer.Reason ?? "answered", Milliseconds = duration.TotalMilliseconds,
            });
        }
    }

    private void Keep(AttemptRecord record)
    {
        if (!waiting.Writer.TryWrite(record))
        {
            meter.RecordsDropped(1);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "{Feature} attempt at {Endpoint} failed: {Outcome} after {Milliseconds:0} ms.")]
        public static partial void AttemptFailed(ILogger logger, string feature, string endpoint, string outcome, double milliseconds);
    }
}

/// <summary>Stores attempt records in batches.</summary>
internal sealed class AttemptWriter(AttemptLog log, IDbContextFactory<GuardDb> databases, GuardMeter meter, TimeProvider clock)
    : BackgroundService
{
    private const int Batch = 200;
    private static readonly TimeSpan Collect = TimeSpan.FromMilliseconds(500);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await log.Waiting.WaitToReadAsync(stoppingToken))
            {
                await StoreAsync(stoppingToken);
                await Task.Delay(Collect, clock, stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            await StoreAsync(CancellationToken.None);
        }
    }

    private async Task StoreAsync(CancellationToken cancellationToken)
    {
        var batch = new List<AttemptRecord>();
        while (batch.Count < Batch && log.Waiting.TryRead(out var record))
        {
            batch.Add(record);
        }

        try
        {
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            db.Attempts.AddRange(batch);
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            meter.RecordsDropped(batch.Count);
        }
    }
}
