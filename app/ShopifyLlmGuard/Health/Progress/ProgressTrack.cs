namespace ShopifyLlmGuard.Health.Progress;

/// <summary>What became of a host's work from one reading to the next.</summary>
/// <param name="Computed">What it had computed when last read; null: it never said.</param>
/// <param name="StandsSince">Since when it has been seen with work and without progress; null: it goes on, or is idle, or does not say.</param>
/// <param name="TightSince">Since when its memory has been seen too full; null: it is not, or it does not say.</param>
internal sealed record ProgressTrack(double? Computed, DateTimeOffset? StandsSince, DateTimeOffset? TightSince)
{
    public static ProgressTrack Nothing { get; } = new(null, null, null);

    /// <summary>Follows a host by one reading. Pure.</summary>
    /// <param name="reading">The reading; null when there is none, which says nothing about the host.</param>
    /// <param name="leastHeadroom">What part of its memory should stay free.</param>
    /// <param name="now">The moment of the reading.</param>
    public ProgressTrack Next(HostReading? reading, double leastHeadroom, DateTimeOffset now)
    {
        if (reading is null)
        {
            return Nothing;
        }

        var tight = IsTight(reading, leastHeadroom) ? TightSince ?? now : (DateTimeOffset?)null;
        if (reading.IsBusy != true)
        {
            return new(reading.Computed, null, tight);
        }

        // A host that tells the age itself knows better than two looks can.
        if (reading.Stands is { } stands)
        {
            return new(reading.Computed, now - stands, tight);
        }

        // A smaller number is another process: it begins anew.
        var isSame = reading.Computed is { } computed && computed == Computed;
        return new(reading.Computed, reading.Computed is null ? null : isSame ? StandsSince ?? now : now, tight);
    }

    /// <summary>How long it has had work and computed nothing; null: not at all, or nobody knows.</summary>
    public TimeSpan? StandsFor(DateTimeOffset now) => now - StandsSince;

    /// <summary>How long its memory has been too full; null: it is not, or nobody knows.</summary>
    public TimeSpan? TightFor(DateTimeOffset now) => now - TightSince;

    // A host that gives all of it to running answers is well used; it is too full when others wait for it.
    private static bool IsTight(HostReading reading, double leastHeadroom) =>
        1 - reading.GpuUse < leastHeadroom || (1 - reading.KvUse < leastHeadroom && reading.Queued > 0);
}
