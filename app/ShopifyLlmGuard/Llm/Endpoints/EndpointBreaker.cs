namespace ShopifyLlmGuard.Llm.Endpoints;

/// <summary>Whether an endpoint is asked at all.</summary>
internal enum BreakerState
{
    Closed,
    HalfOpen,
    Open,
}

/// <summary>
/// Stops asking an endpoint that fails, for this process. Made for a shop with two chats a minute: a few failures in a row
/// open it, and so does a decayed ratio. Polly's own breaker counts a ratio within a window of fixed calls, which such a shop
/// never fills. Traffic and probes feed it; after a break, one call at a time may try, and each further break is longer.
/// </summary>
internal sealed class EndpointBreaker(BreakerOptions options, TimeProvider clock, TimeSpan trialAtMost)
{
    private readonly Lock gate = new();
    private BreakerState state;
    private int failuresInARow;
    private int breaks;
    private double calls;
    private double failures;
    private long lastDecay = clock.GetTimestamp();
    private long opened;
    private long trialBegan;

    public BreakerState State
    {
        get
        {
            lock (gate)
            {
                return state;
            }
        }
    }

    /// <summary>Whether a call would be let through now; asking changes nothing.</summary>
    public bool WouldAdmit
    {
        get
        {
            lock (gate)
            {
                return state == BreakerState.Closed || IsTrialDue();
            }
        }
    }

    /// <summary>Whether a call may be made now. A half-open breaker lets one through at a time.</summary>
    public bool Admits()
    {
        lock (gate)
        {
            if (state == BreakerState.Closed)
            {
                return true;
            }

            if (!IsTrialDue())
            {
                return false;
            }

            state = BreakerState.HalfOpen;
            trialBegan = clock.GetTimestamp();
            return true;
        }
    }

    /// <summary>
    /// Takes notice of a probe. A good one can end a break, but it says little about real answers, so it does not make up for
    /// failed ones.
    /// </summary>
    public void ReportProbe(bool good)
    {
        if (!good)
        {
            Report(Verdict.Bad);
        }
        else if (State != BreakerState.Closed)
        {
            Report(Verdict.Good);
        }
    }

    /// <summary>The endpoint has proven that it is back: what it did before counts no more.</summary>
    public void Forgive()
    {
        lock (gate)
        {
            (state, breaks, failuresInARow, calls, failures) = (BreakerState.Closed, 0, 0, 0, 0);
        }
    }

    /// <summary>Takes notice of how a call ended.</summary>
    public void Report(Verdict verdict)
    {
        lock (gate)
        {
            switch (verdict)
            {
                case Verdict.Good when state != BreakerState.Open || clock.GetElapsedTime(opened) >= Break():
                    Succeed();
                    break;
                case Verdict.Bad:
                    Fail();
                    break;
                case Verdict.None when state == BreakerState.HalfOpen:
                    // The trial said nothing: the next call may try at once.
                    state = BreakerState.Open;
                    opened = clock.GetTimestamp() - (long)(Break().TotalSeconds * clock.TimestampFrequency) - 1;
                    break;
            }
        }
    }

    // A trial whose end was never reported must not keep the breaker half-open for ever.
    private bool IsTrialDue() => state == BreakerState.Open
        ? clock.GetElapsedTime(opened) >= Break()
        : clock.GetElapsedTime(trialBegan) >= trialAtMost;

    private void Succeed()
    {
        Count(failed: false);
        failuresInARow = 0;
        if (state != BreakerState.Closed)
        {
            (state, breaks, calls, failures) = (BreakerState.Closed, 0, 0, 0);
        }
    }

    private void Fail()
    {
        if (state == BreakerState.Open)
        {
            return;
        }

        Count(failed: true);
        failuresInARow++;
        var broken = failuresInARow >= options.ConsecutiveFailures ||
            (calls >= options.MinimumCalls && failures / calls >= options.FailureRatio);
        if (state == BreakerState.HalfOpen || broken)
        {
            state = BreakerState.Open;
            opened = clock.GetTimestamp();
            breaks++;
        }
    }

    private void Count(bool failed)
    {
        var faded = Math.Pow(0.5, clock.GetElapsedTime(lastDecay) / options.HalfLife);
        lastDecay = clock.GetTimestamp();
        calls = (calls * faded) + 1;
        failures = (failures * faded) + (failed ? 1 : 0);
    }

    private TimeSpan Break()
    {
        var length = options.FirstBreak * Math.Pow(2, Math.Clamp(breaks - 1, 0, 16));
        return length < options.LongestBreak ? length : options.LongestBreak;
    }
}
