using System.Diagnostics.Metrics;

namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>Everything on <c>/metrics</c> that is the host's own; names begin with <c>llm_</c>.</summary>
internal sealed class InferenceMeter
{
    public const string Name = "ShopifyLlmGuard.Inference";

    private static readonly InstrumentAdvice<double> Waits =
        new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 4, 5, 10, 30] };

    private static readonly InstrumentAdvice<double> Steps =
        new() { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] };

    private readonly Meter _meter;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _answers;
    private readonly Histogram<double> _queued;
    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _perToken;

    public InferenceMeter(IMeterFactory meters)
    {
        _meter = meters.Create(Name);
        _tokens = _meter.CreateCounter<long>("llm.tokens", description: "Tokens computed, by kind: prompt or answer.");
        _refusals = _meter.CreateCounter<long>("llm.refusals", description: "Requests that were not taken, by cause.");
        _answers = _meter.CreateCounter<long>("llm.answers", description: "Requests that were taken, by how they ended.");
        _queued = _meter.CreateHistogram("llm.time_in_queue", "s", "From acceptance to the start of the work.", advice: Waits);
        _firstToken = _meter.CreateHistogram("llm.time_to_first_token", "s", "From acceptance to the first token.", advice: Waits);
        _perToken = _meter.CreateHistogram("llm.time_per_token", "s", "Mean time between an answer's tokens.", advice: Steps);
    }

    /// <summary>Observes the line and the model; called once, when there is a model.</summary>
    public void Watch(WaitingLine line, Progress progress)
    {
        _meter.CreateObservableGauge("llm.queued", () => line.Count, description: "Requests that wait.");
        _meter.CreateObservableGauge("llm.running", () => progress.Running, description: "Requests that are being answered.");
        _meter.CreateObservableGauge(
            "llm.busy_for", () => progress.BusyFor?.TotalSeconds ?? 0, "s", "How long the model has been working without a pause.");
        _meter.CreateObservableGauge(
            "llm.last_token_age", () => progress.LastTokenAge?.TotalSeconds ?? 0, "s", "How long ago the model computed something.");
    }

    public void Refused(string cause) => _refusals.Add(1, new KeyValuePair<string, object?>("cause", cause));

    public void Waited(TimeSpan wait) => _queued.Record(wait.TotalSeconds);

    public void FirstToken(TimeSpan wait, int promptTokens)
    {
        _firstToken.Record(wait.TotalSeconds);
        _tokens.Add(promptTokens, new KeyValuePair<string, object?>("kind", "prompt"));
    }

    public void Ended(string outcome, int tokens, TimeSpan sinceFirst)
    {
        _answers.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
        _tokens.Add(tokens, new KeyValuePair<string, object?>("kind", "answer"));
        if (tokens > 1)
        {
            _perToken.Record(sinceFirst.TotalSeconds / (tokens - 1));
        }
    }
}
