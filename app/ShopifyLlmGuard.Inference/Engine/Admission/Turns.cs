namespace ShopifyLlmGuard.Inference.Engine.Admission;

/// <summary>
/// Gives out turns: by time of arrival and priority, and fairly among callers. Start-time fair queueing: a caller's second
/// request stands behind what its first one costs, so that a crowd of one caller's does not stand before another's first.
/// </summary>
internal sealed class Turns(AdmissionLimits limits, Pace pace, TimeProvider clock)
{
    private static readonly TimeSpan Unmeasured = TimeSpan.FromMilliseconds(50);

    private readonly Dictionary<Caller, Tally> _callers = [];

    /// <summary>Places that a caller holds.</summary>
    public int PlacesOf(Caller caller) => _callers.GetValueOrDefault(caller)?.Places ?? 0;

    /// <summary>The turn of a request that comes now: a timestamp.</summary>
    public long Of(Priority priority, Caller caller) => Math.Max(
        clock.GetTimestamp() + Ticks(priority.Patience()), _callers.GetValueOrDefault(caller)?.Next[(int)priority] ?? 0);

    public void Enter(GenerationRequest request, int prefill, long turn)
    {
        if (!_callers.TryGetValue(request.Caller, out var tally))
        {
            _callers.Add(request.Caller, tally = new Tally());
        }

        tally.Places++;
        tally.Next[(int)request.Priority] = turn + Ticks(CostOf(prefill));
    }

    public void Leave(Caller caller)
    {
        if (_callers.TryGetValue(caller, out var tally) && --tally.Places == 0)
        {
            _callers.Remove(caller);
        }
    }

    private TimeSpan CostOf(int prefill) => pace.PrefillSpeed > 0
        ? TimeSpan.FromSeconds(Math.Max(prefill / pace.PrefillSpeed, pace.AnswerSeconds / limits.Parallel))
        : Unmeasured;

    private long Ticks(TimeSpan time) => (long)(time.TotalSeconds * clock.TimestampFrequency);

    private sealed class Tally
    {
        public int Places { get; set; }

        /// <summary>By priority, so that a caller's batch work does not delay its chats.</summary>
        public long[] Next { get; } = new long[Enum.GetValues<Priority>().Length];
    }
}
