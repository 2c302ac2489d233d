using System.Diagnostics.Metrics;

namespace ShopifyLlmGuard.Tests;

/// <summary>Reads a gauge of one guard, of all that run in this process.</summary>
internal static class Gauges
{
    /// <summary>Its values by the first tag; a gauge without tags has one.</summary>
    public static Dictionary<string, int> Read(Guard guard, string name)
    {
        Dictionary<string, int> values = [];
        using var listener = new MeterListener();
        var meters = guard.Get<IMeterFactory>();
        listener.InstrumentPublished = (instrument, it) =>
        {
            if (instrument.Name == name && ReferenceEquals(instrument.Meter.Scope, meters))
            {
                it.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<int>((_, value, tags, _) => values[tags.Length == 0 ? "" : (string)tags[0].Value!] = value);
        listener.Start();
        listener.RecordObservableInstruments();
        return values;
    }
}
