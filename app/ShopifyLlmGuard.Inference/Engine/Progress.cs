namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>What the model's thread does, readable at any time without waiting for it.</summary>
internal sealed class Progress(TimeProvider clock)
{
    // Timestamps of the clock; 0 is never.
    private long _busySince;
    private long _lastToken;
    private long _tokens;
    private long _steps;
    private long _prefixQueries;
    private long _prefixHits;
    private int _running;
    private int _cells;
    private int _cellsInUse;
    private int _keptCells;

    /// <summary>How many answers are being computed.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Tokens computed since the start, prompts included: it stands still only when the model does.</summary>
    public long Tokens => Volatile.Read(ref _tokens);

    /// <summary>How long there has been work without a pause; null when idle.</summary>
    public TimeSpan? BusyFor => Since(ref _busySince);

    /// <summary>How long ago the last batch was computed; null before the first.</summary>
    public TimeSpan? LastTokenAge => Since(ref _lastToken);

    /// <summary>How many micro-batches were computed.</summary>
    public long Steps => Volatile.Read(ref _steps);

    /// <summary>Cells of the context: all, those that running answers have set aside, and those that only kept prefixes hold.</summary>
    public (int Total, int InUse, int Kept) Cells =>
        (Volatile.Read(ref _cells), Volatile.Read(ref _cellsInUse), Volatile.Read(ref _keptCells));

    /// <summary>Prompt tokens that were looked up among kept prefixes, and those of them that were found.</summary>
    public (long Queries, long Hits) Prefixes => (Volatile.Read(ref _prefixQueries), Volatile.Read(ref _prefixHits));

    /// <summary>What part of the cells running answers have set aside.</summary>
    public double CellUse => Cells is { Total: > 0 } cells ? (double)cells.InUse / cells.Total : 0;

    /// <summary>There is work, from when it comes: a thread that does not take it must show.</summary>
    public void HasWork() => Interlocked.CompareExchange(ref _busySince, clock.GetTimestamp(), 0);

    /// <summary>There is none left.</summary>
    public void HasNone() => Volatile.Write(ref _busySince, 0);

    /// <param name="promptTokens">Tokens of its prompt.</param>
    /// <param name="spared">Those of them that a kept prefix gave.</param>
    public void Started(int promptTokens, int spared)
    {
        Interlocked.Add(ref _prefixQueries, promptTokens);
        Interlocked.Add(ref _prefixHits, spared);
        Interlocked.Increment(ref _running);
    }

    public void Decoded(int tokens)
    {
        Interlocked.Add(ref _tokens, tokens);
        Interlocked.Increment(ref _steps);
        Volatile.Write(ref _lastToken, clock.GetTimestamp());
    }

    public void HoldsCells(int total, int inUse, int kept)
    {
        Volatile.Write(ref _cells, total);
        Volatile.Write(ref _cellsInUse, inUse);
        Volatile.Write(ref _keptCells, kept);
    }

    public void Ended() => Interlocked.Decrement(ref _running);

    private TimeSpan? Since(ref long timestamp) =>
        Volatile.Read(ref timestamp) is not 0 and var then ? clock.GetElapsedTime(then) : null;
}
