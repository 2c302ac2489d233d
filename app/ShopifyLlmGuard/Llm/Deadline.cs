namespace ShopifyLlmGuard.Llm;

/// <summary>The one moment by which a request must be answered. Everything that waits takes from it.</summary>
public sealed class Deadline(TimeProvider clock, TimeSpan budget)
{
    private readonly long start = clock.GetTimestamp();

    /// <summary>The clock that it is measured with.</summary>
    public TimeProvider Clock => clock;

    /// <summary>Since the request arrived.</summary>
    public TimeSpan Elapsed => clock.GetElapsedTime(start);

    /// <summary>What is left; never negative.</summary>
    public TimeSpan Remaining => budget > Elapsed ? budget - Elapsed : TimeSpan.Zero;

    /// <summary>A limit, or what is left if that is less.</summary>
    public TimeSpan Within(TimeSpan limit) => limit < Remaining ? limit : Remaining;

    /// <summary>The same moment, some time earlier.</summary>
    public Deadline Earlier(TimeSpan reserve)
    {
        var left = Remaining - reserve;
        return new Deadline(clock, left > TimeSpan.Zero ? left : TimeSpan.Zero);
    }
}
