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
    public const string Held = "held", Released = "released", Unchanged = "unchanged", Stale = "stale", Unhandled = "unhandled";
}

/// <summary>
/// Orders signals by what the source says, never by when they came. Pure. The state after any number of signals is that of the newest
/// of them, however they are reordered and repeated. At the same moment an end outranks a beginning.
/// </summary>
internal static class SignalPolicy
{
    public static SignalNews Read(IncidentSignal? known, IncidentSignal signal)
    {
        if (known is not null && Compare(signal, known) < 0)
        {
            return SignalNews.Stale;
        }

        if (signal.State == SignalState.Resolved)
        {
            // A newer end is kept, so that a beginning before it stays outdated.
            return known is not null && Compare(signal, known) == 0 ? SignalNews.Stale : SignalNews.Closes;
        }

        return known is { State: SignalState.Firing } ? SignalNews.Continues : SignalNews.Opens;
    }

    private static int Compare(IncidentSignal left, IncidentSignal right) =>
        left.UpdatedAt.CompareTo(right.UpdatedAt) is var time and not 0 ? time : left.State.CompareTo(right.State);
}
