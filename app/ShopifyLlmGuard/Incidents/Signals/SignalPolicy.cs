using ShopifyLlmGuard.Incidents.Formats;

namespace ShopifyLlmGuard.Incidents.Signals;

/// <summary>What a signal means beside what is known already.</summary>
internal enum SignalNews
{
    /// <summary>Something begins to fire, for the first time or again.</summary>
    Opens,

    /// <summary>It fires on, perhaps with other labels or another severity.</summary>
    Continues,

    /// <summary>It has ended.</summary>
    Closes,

    /// <summary>Something newer is known: nothing is to be done.</summary>
    Stale,
}

/// <summary>What was done about a signal. The same words in rows, metrics and the admin.</summary>
public static class SignalOutcomes
{
    public const string Held = "held", Released = "released", Unchanged = "unchanged", Stale = "stale", Unhandled = "unhandled", GivenUp = "given-up";
}

/// <summary>A signal as it came to the door, or what is known of one thing.</summary>
/// <param name="Signal">What it says.</param>
/// <param name="ReceivedAt">When it came.</param>
internal sealed record HeardSignal(IncidentSignal Signal, DateTimeOffset ReceivedAt);

/// <summary>
/// Orders signals by what the source says, never by when they were worked off. Pure. The state after any number of signals is that of
/// the newest of them, however they are reordered and repeated. At the same moment an end outranks a beginning.
/// </summary>
internal static class SignalPolicy
{
    /// <summary>
    /// How late a message may come behind a newer one of its alert. Alertmanager sends one notification of a group after the other, at
    /// least a <c>group_interval</c> apart (dispatch.go, run), so that what comes later than this was also sent later.
    /// </summary>
    public static readonly TimeSpan LongestOnItsWay = TimeSpan.FromSeconds(3);

    /// <summary>What the signal means, and what is known afterwards.</summary>
    public static (SignalNews News, HeardSignal Known) Read(HeardSignal? known, HeardSignal heard)
    {
        if (known is not null && IncidentSources.TellsOnlyItsState(heard.Signal.Source) && ReadState(known, heard) is { } read)
        {
            return read;
        }

        var signal = heard.Signal;
        if (known is not null && Compare(signal, known.Signal) < 0)
        {
            return (SignalNews.Stale, known);
        }

        if (signal.State == SignalState.Resolved)
        {
            // A newer end is kept, so that a beginning before it stays outdated.
            return known is not null && Compare(signal, known.Signal) == 0 ? (SignalNews.Stale, known) : (SignalNews.Closes, heard);
        }

        return (known is { Signal.State: SignalState.Firing } ? SignalNews.Continues : SignalNews.Opens, heard);
    }

    // Prometheus is cut off, Alertmanager lets the alert end, and then it fires on since the same start: by its times a late beginning.
    // Taken for one, the model would answer all through the incident; the other mistake ends with the next end or with the hold's own.
    private static (SignalNews, HeardSignal)? ReadState(HeardSignal known, HeardSignal heard) => (known.Signal.State, heard.Signal.State) switch
    {
        (SignalState.Firing, SignalState.Firing) => (SignalNews.Continues, Latest(heard, behind: known.Signal.UpdatedAt, known)),
        (SignalState.Resolved, SignalState.Firing) when heard.Signal.UpdatedAt <= known.Signal.UpdatedAt && CameLater(heard, known) =>
            (SignalNews.Opens, Latest(heard, behind: JustAfter(known), known)),

        // The same two, worked off in the other order.
        (SignalState.Firing, SignalState.Resolved) when Compare(heard.Signal, known.Signal) > 0 && CameLater(known, heard) =>
            (SignalNews.Continues, Latest(known, behind: JustAfter(heard), heard)),
        _ => null,
    };

    private static bool CameLater(HeardSignal one, HeardSignal other) => one.ReceivedAt - other.ReceivedAt > LongestOnItsWay;

    // By a moment, so that a repetition of that end stays outdated, and the next end does not.
    private static DateTimeOffset JustAfter(HeardSignal end) => end.Signal.UpdatedAt.AddMicroseconds(1);

    private static HeardSignal Latest(HeardSignal firing, DateTimeOffset behind, HeardSignal other) => new(
        firing.Signal with { UpdatedAt = firing.Signal.UpdatedAt > behind ? firing.Signal.UpdatedAt : behind },
        firing.ReceivedAt > other.ReceivedAt ? firing.ReceivedAt : other.ReceivedAt);

    private static int Compare(IncidentSignal left, IncidentSignal right) =>
        left.UpdatedAt.CompareTo(right.UpdatedAt) is var time and not 0 ? time : left.State.CompareTo(right.State);
}
