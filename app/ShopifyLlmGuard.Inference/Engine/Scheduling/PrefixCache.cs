using ShopifyLlmGuard.Inference.Engine.Admission;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Engine.Scheduling;

/// <summary>
/// Sequences of answers that are over, kept so that the next prompt that begins like one of them need not be computed
/// again: a system prompt, a conversation. Nobody but the caller who made one ever gets anything of it.
/// </summary>
/// <param name="context">Holds them.</param>
/// <param name="ledger">Counts their cells.</param>
/// <param name="most">How many there may be; each is a sequence of the context.</param>
/// <param name="clock">Their age.</param>
internal sealed class PrefixCache(ILlmContext context, CellLedger ledger, int most, TimeProvider clock)
{
    /// <summary>A copy costs about as much as computing so many tokens.</summary>
    private const int LeastLength = 16;

    private readonly List<Entry> _entries = new(most);

    // For whoever is not the model's thread.
    private volatile Entry[] _seen = [];

    /// <summary>Raised with the sequence that an entry held, which is free now.</summary>
    public event Action<int>? Freed;

    public int Count => _entries.Count;

    /// <summary>What to evict first: many cells, old, seldom used again.</summary>
    public static double EvictionCost(int cells, TimeSpan age, int reuses) => cells * (age.TotalSeconds + 1) / (reuses + 1);

    /// <summary>The caller's entry that shares the longest beginning with a prompt, if it is worth a copy.</summary>
    public (Entry? Entry, int Length) Find(Caller caller, ReadOnlySpan<int> prompt)
    {
        var (best, longest) = (default(Entry), LeastLength - 1);
        foreach (var entry in _seen)
        {
            // The last token of a prompt is always computed: the answer begins with its scores.
            if (entry.Caller == caller && Math.Min(entry.Tokens.CommonPrefixLength(prompt), prompt.Length - 1) is var length && length > longest)
            {
                (best, longest) = (entry, length);
            }
        }

        return best is null ? (null, 0) : (best, longest);
    }

    /// <summary>How many tokens of a prompt an entry would give now. Any thread.</summary>
    public int Spares(GenerationRequest request) => Find(request.Caller, request.Prompt).Length;

    public void Used(Entry entry)
    {
        entry.Reuses++;
        entry.UsedAt = clock.GetTimestamp();
    }

    /// <summary>Keeps an ended answer's sequence; false when it is not worth its cells, and the sequence is still the caller's to free.</summary>
    public bool TryKeep(Entry kept)
    {
        if (most == 0 || kept.Tokens.Length < LeastLength || _entries.Exists(each => Covers(each, kept)))
        {
            return false;
        }

        // What the new one begins with it gives as well.
        for (var index = _entries.Count - 1; index >= 0; index--)
        {
            if (Covers(kept, _entries[index]))
            {
                kept.Reuses += _entries[index].Reuses;
                Remove(index);
            }
        }

        if (_entries.Count == most)
        {
            TryEvict(null);
        }

        kept.UsedAt = clock.GetTimestamp();
        ledger.Trim(kept.Branch, kept.Tokens.Length);
        _entries.Add(kept);
        _seen = [.. _entries];
        return true;
    }

    /// <summary>Frees the entry that is worth the least for its cells; false when there is none but <paramref name="spared"/>.</summary>
    public bool TryEvict(Entry? spared)
    {
        var (worst, highest) = (-1, -1.0);
        for (var index = 0; index < _entries.Count; index++)
        {
            var entry = _entries[index];
            var cost = EvictionCost(entry.Branch.Own, clock.GetElapsedTime(entry.UsedAt), entry.Reuses);
            if (!ReferenceEquals(entry, spared) && cost > highest)
            {
                (worst, highest) = (index, cost);
            }
        }

        if (worst >= 0)
        {
            Remove(worst);
        }

        return worst >= 0;
    }

    /// <summary>Forgets all and keeps nothing more.</summary>
    public void Close()
    {
        most = 0;
        while (TryEvict(null))
        {
        }
    }

    private static bool Covers(Entry longer, Entry shorter) =>
        longer.Caller == shorter.Caller && longer.Tokens.StartsWith(shorter.Tokens);

    private void Remove(int index)
    {
        var entry = _entries[index];
        _entries.RemoveAt(index);
        _seen = [.. _entries];
        context.RemoveRange(entry.Sequence, 0);
        ledger.Release(entry.Branch);
        Freed?.Invoke(entry.Sequence);
    }

    /// <summary>One kept sequence.</summary>
    internal sealed class Entry(Caller caller, ReadOnlyMemory<int> tokens, int sequence, CellLedger.Branch branch)
    {
        public Caller Caller => caller;

        public ReadOnlySpan<int> Tokens => tokens.Span;

        public int Sequence => sequence;

        public CellLedger.Branch Branch => branch;

        public int Reuses { get; set; }

        public long UsedAt { get; set; }
    }
}
