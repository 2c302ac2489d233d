using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Engine.Scheduling;

/// <summary>
/// The sequences and cells of a context: what a prompt and its longest answer may need is set aside before the first
/// token is computed, so that no answer ever runs out of memory. Kept prefixes live in what is left over.
/// </summary>
internal sealed class Slots
{
    private readonly ILlmContext _context;
    private readonly EngineParts _parts;
    private readonly CellLedger _ledger;
    private readonly PrefixCache _cache;
    private readonly Stack<int> _free;
    private readonly List<Slot> _taken;

    public Slots(ILlmContext context, EngineParts parts)
    {
        // More was promised than this one has: whatever follows would be a lie.
        ArgumentOutOfRangeException.ThrowIfLessThan(context.Cells, parts.Limits.Cells);
        (_context, _parts, _taken) = (context, parts, new List<Slot>(parts.Limits.Parallel));
        _ledger = new CellLedger(context.Cells);
        _free = new Stack<int>(Enumerable.Range(0, context.MaxSequences).Reverse());
        _cache = new PrefixCache(
            context, _ledger, parts.KeptCells > 0 ? context.MaxSequences - parts.Limits.Parallel : 0, parts.Clock);
        _cache.Freed += _free.Push;
        parts.Line.Spares = _cache.Spares;
        Tell();
    }

    public int FreeCells => _ledger.Free;

    public int Kept => _cache.Count;

    /// <summary>
    /// Gives a request the cells that were set aside for it, and begins its sequence with a kept prefix. There is always room: what is in
    /// the way is only kept.
    /// </summary>
    public Slot Take(Generation generation)
    {
        var request = generation.Request;
        var (prefix, shared) = _cache.Find(request.Caller, request.Prompt);
        if (prefix is not null && _ledger.Freeable - prefix.Branch.Unused < generation.Cells - shared)
        {
            // The prefix is too long to keep beside what it would save.
            (prefix, shared) = (null, 0);
        }

        while (_ledger.Free < generation.Cells - shared && _cache.TryEvict(prefix))
        {
        }

        var sequence = _free.Pop();
        if (prefix is not null && !TryCopy(prefix, sequence, shared))
        {
            _free.Push(sequence);
            _cache.Close();
            return Take(generation);
        }

        var slot = new Slot(sequence, _ledger.Reserve(generation.Cells, prefix?.Branch, shared), shared, generation);
        _taken.Add(slot);
        Tell();
        return slot;
    }

    /// <summary>Keeps an ended answer's sequence for the next prompt that begins like it, or frees it.</summary>
    public void Keep(Slot slot, int length)
    {
        var generation = slot.Generation;
        _ledger.Retire(slot.Branch);
        if (!_cache.TryKeep(new PrefixCache.Entry(
            generation.Request.Caller, generation.Conversation[..length], slot.Sequence, slot.Branch)))
        {
            Clear(slot);
        }

        while (_ledger.Reserved - _ledger.InUse > _parts.KeptCells && _cache.TryEvict(null))
        {
        }

        Return(slot);
    }

    public void Free(Slot slot)
    {
        _ledger.Retire(slot.Branch);
        Clear(slot);
        Return(slot);
    }

    /// <summary>Makes room that should not have been missing; false when there is none to make.</summary>
    public bool TryEvict() => _cache.TryEvict(null);

    /// <summary>Tells the gauges.</summary>
    public void Report() => _parts.Progress.HoldsCells(_ledger.Total, _ledger.InUse, _ledger.Reserved - _ledger.InUse);

    private void Return(Slot slot)
    {
        _taken.Remove(slot);
        Tell();
    }

    // Who waits may have what is free now.
    private void Tell()
    {
        foreach (var each in _taken)
        {
            each.Generation.Held = each.Branch.Alone;
        }

        _parts.Line.Holds(_ledger.InUse);
    }

    private void Clear(Slot slot)
    {
        _context.RemoveRange(slot.Sequence, 0);
        _ledger.Release(slot.Branch);
        _free.Push(slot.Sequence);
    }

    private bool TryCopy(PrefixCache.Entry prefix, int sequence, int shared)
    {
        _context.CopyPrefix(prefix.Sequence, sequence, shared);
        if (_context.MaxPosition(sequence) == shared - 1)
        {
            _cache.Used(prefix);
            return true;
        }

        // A model whose memory cannot be shared in part.
        _context.RemoveRange(sequence, 0);
        return false;
    }
}

/// <param name="Sequence">A sequence of the context.</param>
/// <param name="Branch">Its cells.</param>
/// <param name="Shared">Positions that it began with.</param>
/// <param name="Generation">Whose it is.</param>
internal sealed record Slot(int Sequence, CellLedger.Branch Branch, int Shared, Generation Generation);
