namespace ShopifyLlmGuard.Inference.Engine.Admission;

/// <summary>
/// The places of the house: who waits, in order of turn, and who is being answered. Not a channel, because a request
/// that nobody waits for any more leaves its place at once instead of holding it until its turn.
/// </summary>
internal sealed class WaitingLine(AdmissionLimits limits, Pace pace, Progress progress, TimeProvider clock)
{
    private readonly object _gate = new();
    private readonly List<Generation> _waiting = [];
    private readonly List<Generation> _running = new(limits.Parallel);
    private readonly Turns _turns = new(limits, pace, clock);
    private readonly Shares _slots = Shares.OfSlots(limits.Parallel);
    private bool _closed;
    private int _count;
    private volatile bool _isShortOfCells;

    /// <summary>How many wait; those being answered are not among them.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>True when nobody is let in any more.</summary>
    public bool IsClosed
    {
        get
        {
            lock (_gate)
            {
                return _closed;
            }
        }
    }

    /// <summary>Whoever is next waits for memory. Set by the model's thread.</summary>
    public bool IsShortOfCells
    {
        get => _isShortOfCells;
        set => _isShortOfCells = value;
    }

    /// <summary>How much of a prompt a kept prefix of its caller gives. Set by the model's thread, asked by any.</summary>
    public Func<GenerationRequest, int> Spares { get; set; } = _ => 0;

    /// <summary>What <see cref="Enter"/> would say now.</summary>
    public Verdict Look(Applicant applicant, Caller caller)
    {
        lock (_gate)
        {
            return Decide(applicant, caller, _turns.Of(applicant.Priority, caller));
        }
    }

    /// <summary>Lets a request in or says at once why not.</summary>
    /// <param name="generation">The request.</param>
    /// <param name="verdict">The decision; in shadow mode a request may be in although it says no.</param>
    public bool Enter(Generation generation, out Verdict verdict)
    {
        var request = generation.Request;
        generation.PrefillLeft = request.Prompt.Length - Spares(request);
        generation.Cells = generation.PrefillLeft + request.MaxTokens;
        lock (_gate)
        {
            var turn = _turns.Of(request.Priority, request.Caller);
            verdict = Decide(
                new Applicant(request.Priority, generation.PrefillLeft, request.Within) { Cells = generation.Cells }, request.Caller, turn);
            if (verdict.Refusal is not Refusal.None && !limits.Overlooks(verdict.Refusal))
            {
                return false;
            }

            generation.Turn = turn;
            _turns.Enter(request, generation.PrefillLeft, turn);
            _waiting.Insert(_waiting.FindLastIndex(each => each.Turn <= turn) + 1, generation);
            progress.HasWork();
            Changed();
            return true;
        }
    }

    /// <summary>True when the generation was still waiting; then it is nobody else's any more.</summary>
    public bool TryLeave(Generation generation)
    {
        lock (_gate)
        {
            if (!_waiting.Remove(generation))
            {
                return false;
            }

            Leave(generation);
            return true;
        }
    }

    /// <summary>Whose turn is next, of those whose priority may have one more slot; null when there is none.</summary>
    public Generation? Next()
    {
        lock (_gate)
        {
            var used = CountsOf(_running);
            foreach (var each in _waiting)
            {
                if (_slots.Allow(used, each.Request.Priority))
                {
                    return each;
                }
            }

            return null;
        }
    }

    /// <summary>Takes a waiting generation to its slot; false when it left meanwhile.</summary>
    public bool TryStart(Generation generation)
    {
        lock (_gate)
        {
            if (!_waiting.Remove(generation))
            {
                return false;
            }

            _running.Add(generation);
            Changed();
            return true;
        }
    }

    /// <summary>Frees the slot of a generation that was started.</summary>
    public void End(Generation generation)
    {
        lock (_gate)
        {
            _running.Remove(generation);
            Leave(generation);
        }
    }

    /// <summary>Frees all slots and returns who had them.</summary>
    public IReadOnlyList<Generation> EndRunning()
    {
        lock (_gate)
        {
            Generation[] ended = [.. _running];
            _running.Clear();
            Array.ForEach(ended, Leave);
            return ended;
        }
    }

    /// <summary>True when somebody is being answered and nobody wants any of the answers.</summary>
    public bool RunsForNobody()
    {
        lock (_gate)
        {
            return _running.Count > 0 && _running.TrueForAll(each => each.CancelledFor is not null);
        }
    }

    /// <summary>Cancels every answer that is being computed.</summary>
    public void CancelRunning(FailureReason reason)
    {
        lock (_gate)
        {
            _running.ForEach(each => each.TryCancel(reason));
        }
    }

    /// <summary>Waits until there is something to do; false once the line is closed and nothing runs. The model's own thread.</summary>
    public bool WaitForWork()
    {
        lock (_gate)
        {
            while (!_closed && _waiting.Count + _running.Count == 0)
            {
                progress.HasNone();
                Monitor.Wait(_gate);
            }

            return _waiting.Count + _running.Count > 0;
        }
    }

    /// <summary>Lets nobody in any more and returns who still waited.</summary>
    public IReadOnlyList<Generation> Close()
    {
        lock (_gate)
        {
            _closed = true;
            Generation[] left = [.. _waiting];
            _waiting.Clear();
            Array.ForEach(left, Leave);
            Changed();
            return left;
        }
    }

    private Verdict Decide(Applicant applicant, Caller caller, long turn)
    {
        if (_closed)
        {
            return new Verdict(Refusal.Stopping, default, TimeSpan.FromSeconds(1));
        }

        var ahead = _waiting.Where(each => each.Turn <= turn).ToArray();
        var tokensAhead = ahead.Sum(each => (long)each.PrefillLeft)
            + _running.Where(each => each.Turn <= turn).Sum(each => (long)each.PrefillLeft);
        var used = CountsOf(_running, CountsOf(_waiting));
        return AdmissionPolicy.Decide(
            applicant,
            new Load(
                used, _running.Count, _turns.PlacesOf(caller), ahead.Length, tokensAhead,
                IsShortOfCells, pace.PrefillSpeed, pace.AnswerSeconds)
            {
                CellsAhead = ahead.Sum(each => (long)each.Cells) + _running.Sum(each => (long)each.Cells),
                Cells = progress.Cells.Total,
            },
            limits);
    }

    private void Leave(Generation generation)
    {
        _turns.Leave(generation.Request.Caller);
        Changed();
    }

    private void Changed()
    {
        Volatile.Write(ref _count, _waiting.Count);
        Monitor.Pulse(_gate);
    }

    private static Counts CountsOf(List<Generation> generations, Counts counts = default)
    {
        foreach (var each in generations)
        {
            counts = counts.Plus(each.Request.Priority, 1);
        }

        return counts;
    }
}
