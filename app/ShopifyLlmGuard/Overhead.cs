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
    private readonly List<Wait> waits = [];

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
            foreach (var wait in waits.OrderBy(wait => wait.From))
            {
                own += Math.Max(0, wait.From - at);
                at = Math.Max(at, wait.To ?? ended);
            }

            return Stopwatch.GetElapsedTime(0, own + Math.Max(0, ended - at));
        }
    }

    /// <summary>A model is being waited for, until this is disposed. Two at the same time are one wait. Null when nobody measures.</summary>
    internal static IDisposable? Waiting() => Flowing.Value?.Begun();

    /// <summary>No model is waited for any more: one that is still silent was, as long as nobody else had answered.</summary>
    internal static void Waited() => Flowing.Value?.EndAll();

    private Wait Begun()
    {
        var wait = new Wait(this);
        lock (gate)
        {
            waits.Add(wait);
        }

        return wait;
    }

    private void EndAll()
    {
        lock (gate)
        {
            waits.ForEach(wait => wait.Dispose());
        }
    }

    private sealed class Wait(Overhead request) : IDisposable
    {
        public long From { get; } = Stopwatch.GetTimestamp();

        public long? To { get; private set; }

        public void Dispose()
        {
            lock (request.gate)
            {
                To ??= Stopwatch.GetTimestamp();
            }
        }
    }
}
