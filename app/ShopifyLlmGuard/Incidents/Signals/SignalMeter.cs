using System.Diagnostics.Metrics;

namespace ShopifyLlmGuard.Incidents.Signals;

/// <summary>What came in at the door for incidents, what was done about it, and how soon.</summary>
public sealed class SignalMeter
{
    private readonly Counter<long> deliveries;
    private readonly Counter<long> signals;
    private readonly Histogram<double> effect;

    public SignalMeter(IMeterFactory factory)
    {
        var meter = factory.Create($"{GuardMeter.Name}.Incidents");
        deliveries = meter.CreateCounter<long>("guard.incident.deliveries", "{delivery}", "Deliveries of monitoring systems by source and outcome.");
        signals = meter.CreateCounter<long>("guard.incident.signals", "{signal}", "Signals by source and by what was done about them.");
        effect = meter.CreateHistogram(
            "guard.incident.effect.duration", "s", "From a delivery's arrival at the door to the mode that this server decides by.", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30] });
    }

    /// <summary>A delivery was answered.</summary>
    /// <param name="source">A known source; never what a caller has written.</param>
    /// <param name="outcome">A small closed set of words.</param>
    public void Delivered(string source, string outcome) => deliveries.Add(1, new("source", source), new("outcome", outcome));

    internal void Handled(string source, string outcome) => signals.Add(1, new("source", source), new("outcome", outcome));

    internal void TookEffect(string source, TimeSpan time) => effect.Record(time.TotalSeconds, new KeyValuePair<string, object?>("source", source));
}
