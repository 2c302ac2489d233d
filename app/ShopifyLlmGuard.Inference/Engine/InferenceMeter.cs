using System.Diagnostics.Metrics;
using ShopifyLlmGuard.Inference.Engine.Admission;

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
    private readonly Counter<long> _shadowRefusals;
    private readonly Counter<long> _answers;
    private readonly Histogram<double> _queued;
    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _perToken;

    public InferenceMeter(IMeterFactory meters)
    {
        _meter = meters.Create(Name);
        _tokens = _meter.CreateCounter<long>("llm.tokens", description: "Tokens computed, by kind: prompt or answer.");
        _refusals = _meter.CreateCounter<long>("llm.refusals", description: "Requests that were not taken, by cause.");
        // From the beginning, as the answers: a series that appears with its first event hides that event from rates.
        foreach (var refusal in Enum.GetValues<Refusal>().Where(each => each is not Refusal.None))
        {
            Refused(Word(refusal.ToString()), 0);
        }

        _shadowRefusals = _meter.CreateCounter<long>(
            "llm.shadow_refusals", description: "Requests that were taken only because admission is in shadow mode, by cause.");
        _answers = _meter.CreateCounter<long>("llm.answers", description: "Requests that were taken, by how they ended.");
        _answers.Add(0, new KeyValuePair<string, object?>("outcome", OutcomeOf(new GenerationEvent.End(HitLimit: false, Tokens: 0))));
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
            "llm.kv_cache_usage", () => progress.CellUse, "1", "Part of the memory's cells that running answers have set aside.");
        _meter.CreateObservableGauge(
            "llm.kv_cells", () => progress.Cells.Total, description: "Cells of the memory; one holds a token.");
        _meter.CreateObservableGauge(
            "llm.kv_free_cells", () => line.FreeCells, description: "Cells that no answer holds and nobody who waits has been given.");
        _meter.CreateObservableGauge(
            "llm.kv_kept_cells", () => progress.Cells.Kept, description: "Cells that kept prefixes hold until somebody needs them.");
        _meter.CreateObservableCounter(
            "llm.prefix_cache_queries",
            () => progress.Prefixes.Queries,
            description: "Prompt tokens that were looked up among kept prefixes.");
        _meter.CreateObservableCounter(
            "llm.prefix_cache_hits", () => progress.Prefixes.Hits, description: "Prompt tokens that a kept prefix gave.");
        _meter.CreateObservableCounter("llm.steps", () => progress.Steps, description: "Micro-batches computed.");
        _meter.CreateObservableGauge(
            "llm.busy_for", () => progress.BusyFor?.TotalSeconds ?? 0, "s", "How long the model has been working without a pause.");
        _meter.CreateObservableGauge(
            "llm.last_token_age", () => progress.LastTokenAge?.TotalSeconds ?? 0, "s", "How long ago the model computed something.");
    }

    public void Refused(string cause, int count = 1) => _refusals.Add(count, new KeyValuePair<string, object?>("cause", cause));

    public void RefusedInShadow(Refusal refusal) =>
        _shadowRefusals.Add(1, new KeyValuePair<string, object?>("cause", Word(refusal.ToString())));

    public void Waited(TimeSpan wait) => _queued.Record(wait.TotalSeconds);

    public void Prefilled(int tokens) => _tokens.Add(tokens, new KeyValuePair<string, object?>("kind", "prompt"));

    public void FirstToken(TimeSpan wait) => _firstToken.Record(wait.TotalSeconds);

    /// <summary>One that never ran is over.</summary>
    public void Ended(FailureReason reason) => Ended(new GenerationEvent.Failure(reason), 0, default);

    public void Ended(GenerationEvent last, int tokens, TimeSpan sinceFirst)
    {
        _answers.Add(1, new KeyValuePair<string, object?>("outcome", OutcomeOf(last)));
        _tokens.Add(tokens, new KeyValuePair<string, object?>("kind", "answer"));
        if (tokens > 1)
        {
            _perToken.Record(sinceFirst.TotalSeconds / (tokens - 1));
        }
    }

    private static string OutcomeOf(GenerationEvent last) => last switch
    {
        GenerationEvent.End { HitLimit: true } => "length",
        GenerationEvent.End => "stop",
        GenerationEvent.Failure failure => Word(failure.Reason.ToString()),
        _ => "unknown",
    };

    // NotANumber is "not-a-number".
    private static string Word(string name) => string.Concat(
        name.Select((letter, index) => char.IsUpper(letter) ? (index == 0 ? "" : "-") + char.ToLowerInvariant(letter) : letter.ToString()));
}
