using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ShopifyLlmGuard;

/// <summary>Every number that the guard publishes. No tag ever carries a shopper's or a model's words.</summary>
public sealed class GuardMeter
{
    /// <summary>The name of the meter and of the activity source.</summary>
    public const string Name = "ShopifyLlmGuard";

    private readonly Meter meter;
    private readonly Counter<long> answers;
    private readonly Histogram<double> answerDuration;
    private readonly Counter<long> attempts;
    private readonly Histogram<double> attemptDuration;
    private readonly Histogram<double> timeToFirstToken;
    private readonly Counter<long> retries;
    private readonly Counter<long> hedges;
    private readonly Counter<long> probes;
    private readonly Counter<long> droppedRecords;
    private readonly Counter<long> refusedDispatches;
    private readonly Histogram<double> queueAge;
    private readonly Histogram<double> budgetLeft;
    private readonly Counter<long> rollbacks;
    private readonly Histogram<double> own;
    private readonly Histogram<double> echo;

    public GuardMeter(IMeterFactory factory)
    {
        meter = factory.Create(Name);
        answers = meter.CreateCounter<long>("guard.answers", "{answer}", "Answers by feature, source and reason.");
        answerDuration = Seconds("guard.answer.duration", "From the question to the answer.");
        attempts = meter.CreateCounter<long>("guard.attempts", "{attempt}", "Calls to endpoints by outcome.");
        attemptDuration = Seconds("guard.attempt.duration", "One call to an endpoint, whole.");
        timeToFirstToken = Seconds("guard.attempt.time_to_first_token", "From the request to the first token.");
        retries = meter.CreateCounter<long>("guard.retries", "{retry}", "Calls that were tried a second time.");
        hedges = meter.CreateCounter<long>("guard.hedges", "{hedge}", "Calls that were asked at a second endpoint beside a silent first one.");
        probes = meter.CreateCounter<long>("guard.probes", "{probe}", "Probes by endpoint and result.");
        droppedRecords = meter.CreateCounter<long>("guard.attempt_records.dropped", "{record}", "Attempt records that could not be stored.");
        refusedDispatches = meter.CreateCounter<long>("guard.dispatches.refused", "{dispatch}", "Calls that were not sent to an endpoint, by reason.");
        rollbacks = meter.CreateCounter<long>("guard.release.rollbacks", "{rollback}", "Releases that the guard rolled back by itself, by signal.");
        queueAge = Seconds("guard.queue.age", "How long a call waited for a free place.");
        budgetLeft = Seconds("guard.budget.left", "What a call's budget still held at a stage.");
        own = meter.CreateHistogram("guard.overhead", "s", "The guard's own share of an answer's time, measured at the edge.", tags: null, new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
        });
        echo = Seconds("guard.heartbeat.echo", "From the writing of a change that means nothing until this server decided by it.");
        GenAi = new GenAiMeter(factory);
    }

    /// <summary>The same calls in the words of OpenTelemetry.</summary>
    internal GenAiMeter GenAi { get; }

    /// <summary>How much of an answer's time was the guard's own.</summary>
    /// <param name="door">Where the request came in.</param>
    /// <param name="time">Its whole time without the waiting for models.</param>
    public void Own(string door, TimeSpan time) => own.Record(time.TotalSeconds, new KeyValuePair<string, object?>("door", door));

    internal static ActivitySource Activities { get; } = new(Name);

    internal void Answered(string feature, string source, string? reason, TimeSpan duration)
    {
        answers.Add(1, new("feature", feature), new("source", source), new("reason", reason ?? "none"));
        answerDuration.Record(duration.TotalSeconds, new("feature", feature), new("source", source));
    }

    internal void Attempted(string feature, string endpoint, string region, string outcome, TimeSpan duration, TimeSpan? firstToken)
    {
        TagList tags = [new("feature", feature), new("endpoint", endpoint), new("region", region), new("outcome", outcome)];
        attempts.Add(1, tags);
        attemptDuration.Record(duration.TotalSeconds, tags);
        if (firstToken is { } time)
        {
            timeToFirstToken.Record(time.TotalSeconds, new("feature", feature), new("endpoint", endpoint));
        }
    }

    internal void Retried(string feature, string reason) => retries.Add(1, new("feature", feature), new("reason", reason));

    internal void Hedged(string feature) => hedges.Add(1, new KeyValuePair<string, object?>("feature", feature));

    internal void Probed(string endpoint, string result) => probes.Add(1, new("endpoint", endpoint), new("result", result));

    internal void Refused(string feature, string reason) => refusedDispatches.Add(1, new("feature", feature), new("reason", reason));

    internal void Waited(string feature, TimeSpan age) => queueAge.Record(age.TotalSeconds, new KeyValuePair<string, object?>("feature", feature));

    internal void BudgetLeft(string feature, string stage, TimeSpan left) => budgetLeft.Record(left.TotalSeconds, new("feature", feature), new("stage", stage));

    internal void RolledBack(string feature, string signal) => rollbacks.Add(1, new("feature", feature), new("signal", signal));

    internal void RecordsDropped(long count) => droppedRecords.Add(count);

    internal void Echoed(TimeSpan time) => echo.Record(time.TotalSeconds);

    internal void Observe(string name, string unit, string description, Func<IEnumerable<Measurement<double>>> read) =>
        meter.CreateObservableGauge(name, read, unit, description);

    internal void Observe(string name, string description, Func<IEnumerable<Measurement<int>>> read) =>
        meter.CreateObservableGauge(name, read, description: description);

    // The default buckets are for milliseconds; these are seconds, and one edge is the promise.
    private Histogram<double> Seconds(string name, string description) => meter.CreateHistogram(
        name, "s", description, tags: null, new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 4.2, 5, 10],
        });
}
