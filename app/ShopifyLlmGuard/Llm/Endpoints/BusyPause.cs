using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Llm.Endpoints;

/// <summary>
/// How long an endpoint is left alone after it refused a call for being busy: as long as it asked for, and each time in a row
/// longer. Being busy is no sickness, so the breaker knows nothing of it; without this, one that refuses at once looks fast.
/// </summary>
internal sealed class BusyPause(TimeProvider clock)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestOfOurs = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private readonly Lock gate = new();
    private int inARow;
    private long refused;
    private long until = long.MinValue;

    /// <summary>Whether calls should go elsewhere now.</summary>
    public bool IsOn => clock.GetTimestamp() < Volatile.Read(ref until);

    /// <summary>Takes notice of how a call ended.</summary>
    public void Report(Attempt attempt)
    {
        lock (gate)
        {
            if (attempt.Reason == Reasons.EndpointBusy)
            {
                Refused(attempt.RetryAfter ?? TimeSpan.Zero);
            }
            else if (attempt.Verdict == Verdict.Good && clock.GetElapsedTime(refused) >= attempt.Duration)
            {
                // An answer that was begun before the refusal does not say that there is room again.
                (inARow, until) = (0, long.MinValue);
            }
        }
    }

    private void Refused(TimeSpan asked)
    {
        // Calls that were on their way when the first one came back say the same thing once more.
        var ours = IsOn ? TimeSpan.Zero : Shortest * Math.Pow(2, Math.Min(inARow++, 16));
        ours = ours < LongestOfOurs ? ours : LongestOfOurs;
        var pause = asked > ours ? asked : ours;
        pause = pause < Longest ? pause : Longest;
        refused = clock.GetTimestamp();
        Volatile.Write(ref until, Math.Max(until, refused + (long)(pause.TotalSeconds * clock.TimestampFrequency)));
    }
}
