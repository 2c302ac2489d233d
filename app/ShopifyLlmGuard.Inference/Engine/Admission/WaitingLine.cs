namespace ShopifyLlmGuard.Inference.Engine.Admission;

/// <summary>
/// The places of the house: who waits, in order of turn, and who is being answered. Not a channel, because a request
/// that nobody waits for any more leaves its place at once instead of holding it until its turn.
/// </summary>
internal sealed class WaitingLine
{
    private readonly object _gate = new();
    private readonly AdmissionLimits _limits;
    private readonly Progress _progress;
    private readonly TimeProvider _clock;
    private readonly Crowd _crowd;
    private readonly Outlook _outlook;
    private readonly Turns _turns;
    private readonly Shares _slots;
    private bool _closed;
    private int _count;

    public WaitingLine(AdmissionLimits limits, Pace pace, Progress progress, TimeProvider clock)
    {
        (_limits, _progress, _clock) = (limits, progress, clock);
        _crowd = new Crowd(limits);
        _outlook = new Outlook(_crowd, limits, pace, clock);
        _turns = new Turns(limits, pace, clock);
        _slots = Shares.OfSlots(limits.Parallel);
    }

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

    /// <summary>Cells that no answer holds and nobody who waits has been given.</summary>
    public int FreeCells
    {
        get
        {
            lock (_gate)
            {
                return _crowd.Cells.Free;
            }
        }
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

    /// <summary>Lets a request in, with its cells set aside or promised, or says at once why not.</summary>
    /// <param name="generation">The request.</param>
    /// <param name="verdict">The decision; in shadow mode a request may be in although it says no.</param>
    public bool Enter(Generation generation, out Verdict verdict)
    {
        var request = generation.Request;
        generation.PrefillLeft = request.Prompt.Length - Spares(request);
        var applicant = new Applicant(request.Priority, generation.PrefillLeft, request.Within) { Cells = generation.Cells, MaxTokens = request.MaxTokens };
        lock (_gate)
        {
            var turn = _turns.Of(request.Priority, request.Caller);
            verdict = Decide(applicant, request.Caller, turn);
            if (verdict.Refusal is not Refusal.None && !_limits.Overlooks(verdict.Refusal))
            {
                return false;
            }

            generation.Turn = turn;
            generation.CellsBy = verdict.Refusal is Refusal.None ? _outlook.CellsBy(applicant) : long.MaxValue;
            _turns.Enter(request, generation.PrefillLeft, turn);
            _crowd.Waiting.Insert(_crowd.PlaceOf(turn), generation);
            _progress.HasWork();
            Changed();
            return true;
        }
    }

    /// <summary>True when the generation was still waiting; then it is nobody else's any more.</summary>
    public bool TryLeave(Generation generation)
    {
        lock (_gate)
        {
            if (!_crowd.Waiting.Remove(generation))
            {
                return false;
            }

            _crowd.Cells.GiveBack(generation);
            Leave(generation);
            return true;
        }
    }

    /// <summary>Whose turn is next, of those who have cells and whose priority may have one more slot, or who wait in vain; null when there is none.</summary>
    public Generation? Next()
    {
        lock (_gate)
        {
            var (slots, now) = (_crowd.Slots, _clock.GetTimestamp());
            foreach (var each in _crowd.Waiting)
            {
                if ((each.HasCells && _slots.Allow(slots, each.Request.Priority)) || each.IsUnwanted(now))
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
            if (!_crowd.Waiting.Remove(generation))
            {
                return false;
            }

            _crowd.Cells.Begin(generation);
            _crowd.Running.Add(generation);
            Changed();
            return true;
        }
    }

    /// <summary>What running answers hold together changed. The model's own thread, which alone knows what they share.</summary>
    public void Holds(int cells)
    {
        lock (_gate)
        {
            _crowd.Cells.Holds(cells);
            Changed();
        }
    }

    /// <summary>Frees the slot of a generation that was started.</summary>
    public void End(Generation generation)
    {
        lock (_gate)
        {
            _crowd.Running.Remove(generation);
            Leave(generation);
        }
    }

    /// <summary>Frees all slots and returns who had them.</summary>
    public IReadOnlyList<Generation> EndRunning()
    {
        lock (_gate)
        {
            Generation[] ended = [.. _crowd.Running];
            _crowd.Running.Clear();
            Array.ForEach(ended, Leave);
            return ended;
        }
    }

    /// <summary>True when somebody is being answered and nobody wants any of the answers.</summary>
    public bool RunsForNobody()
    {
        lock (_gate)
        {
            return _crowd.Running.Count > 0 && _crowd.Running.TrueForAll(each => each.CancelledFor is not null);
        }
    }

    /// <summary>Cancels every answer that is being computed.</summary>
    public void CancelRunning(FailureReason reason)
    {
        lock (_gate)
        {
            _crowd.Running.ForEach(each => each.TryCancel(reason));
        }
    }

    /// <summary>Waits until there is something to do; false once the line is closed and nothing runs. The model's own thread.</summary>
    public bool WaitForWork()
    {
        lock (_gate)
        {
            while (!_closed && _crowd.Waiting.Count + _crowd.Running.Count == 0)
            {
                _progress.HasNone();
                Monitor.Wait(_gate);
            }

            return _crowd.Waiting.Count + _crowd.Running.Count > 0;
        }
    }

    /// <summary>Lets nobody in any more and returns who still waited.</summary>
    public IReadOnlyList<Generation> Close()
    {
        lock (_gate)
        {
            _closed = true;
            Generation[] left = [.. _crowd.Waiting];
            _crowd.Waiting.Clear();
            Array.ForEach(left, _crowd.Cells.GiveBack);
            Array.ForEach(left, Leave);

            // Also when nobody waited: the model's thread may sleep.
            Changed();
            return left;
        }
    }

    private Verdict Decide(Applicant applicant, Caller caller, long turn) => _closed
        ? new Verdict(Refusal.Stopping, default, TimeSpan.FromSeconds(1))
        : _outlook.Decide(applicant, turn, _turns.PlacesOf(caller));

    private void Leave(Generation generation)
    {
        _turns.Leave(generation.Request.Caller);
        Changed();
    }

    private void Changed()
    {
        _crowd.Cells.Grant(_crowd.Waiting);
        Volatile.Write(ref _count, _crowd.Waiting.Count);
        Monitor.Pulse(_gate);
    }
}
