using System.Diagnostics;

namespace ShopifyLlmGuard;

/// <summary>
/// How much of a request's time was the guard's own: all of it but the time in which a model was being waited for. Measured from
/// the edge, because what happens before a handler is invisible to the handler's own clock.
/// </summary>
public sealed class Overhead
{
    private static readonly AsyncLocal<Overhead?> Flowing = new();
    private readonly Lock gate = new();
    private readonly long began = Stopwatch.GetTimestamp();
    private readonly List<(long From, long To)> waits = [];

    private Overhead()
    {
    }

    /// <summary>A request has arrived; the calls that are made for it will be told of in this flow.</summary>
    public static Overhead Begin() => Flowing.Value = new Overhead();

    /// <summary>What was the guard's own so far.</summary>
    public TimeSpan Own()
    {
        var ended = Stopwatch.GetTimestamp();
        lock (gate)
        {
            var (own, at) = (0L, began);
            foreach (var (from, to) in waits.Order())
            {
                own += Math.Max(0, from - at);
                at = Math.Max(at, to);
            }

            return Stopwatch.GetElapsedTime(0, own + Math.Max(0, ended - at));
        }
    }

    /// <summary>A model has been waited for until now. Two at the same time are one wait.</summary>
    internal static void Waited(TimeSpan duration)
    {
        if (Flowing.Value is { } request)
        {
            var to = Stopwatch.GetTimestamp();
            lock (request.gate)
            {
                request.waits.Add((to - (long)(duration.TotalSeconds * Stopwatch.Frequency), to));
            }
        }
    }
}
