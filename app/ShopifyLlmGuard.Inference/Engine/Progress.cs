namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>What the model's thread does, readable at any time without waiting for it.</summary>
internal sealed class Progress(TimeProvider clock)
{
    // Timestamps of the clock; 0 is never.
    private long _busySince;
    private long _lastToken;
    private long _tokens;
    private int _running;

    /// <summary>How many answers are being computed.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Tokens computed since the start, prompts included: it stands still only when the model does.</summary>
    public long Tokens => Volatile.Read(ref _tokens);

    /// <summary>How long the model has been working without a pause; null when idle.</summary>
    public TimeSpan? BusyFor => Since(ref _busySince);

    /// <summary>How long ago the last batch was computed; null before the first.</summary>
    public TimeSpan? LastTokenAge => Since(ref _lastToken);

    public void Started()
    {
        Interlocked.CompareExchange(ref _busySince, clock.GetTimestamp(), 0);
        Interlocked.Increment(ref _running);
    }

    public void Decoded(int tokens)
    {
        Interlocked.Add(ref _tokens, tokens);
        Volatile.Write(ref _lastToken, clock.GetTimestamp());
    }

    public void Ended(bool isIdle)
    {
        Interlocked.Decrement(ref _running);
        if (isIdle)
        {
            Volatile.Write(ref _busySince, 0);
        }
    }

    private TimeSpan? Since(ref long timestamp) =>
        Volatile.Read(ref timestamp) is not 0 and var then ? clock.GetElapsedTime(then) : null;
}
