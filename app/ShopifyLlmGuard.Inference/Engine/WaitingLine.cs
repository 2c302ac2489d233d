namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>
/// The bounded queue in front of the model. Not a channel, because a request that nobody waits for any more leaves
/// its place at once instead of holding it until its turn.
/// </summary>
internal sealed class WaitingLine(int length)
{
    private readonly LinkedList<Generation> _waiting = [];
    private readonly object _gate = new();
    private bool _closed;
    private int _count;
    private bool _idle = true;

    /// <summary>How many wait; the one being answered is not among them.</summary>
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

    /// <summary>A cheap look ahead; <see cref="TryEnter"/> decides.</summary>
    public bool IsFull
    {
        get
        {
            lock (_gate)
            {
                return HasNoPlace();
            }
        }
    }

    /// <summary>False at once when there is no place.</summary>
    public bool TryEnter(Generation generation)
    {
        lock (_gate)
        {
            if (HasNoPlace())
            {
                return false;
            }

            _waiting.AddLast(generation);
            Volatile.Write(ref _count, _waiting.Count);
            Monitor.Pulse(_gate);
            return true;
        }
    }

    /// <summary>True when the generation was still waiting; then it is nobody else's any more.</summary>
    public bool TryLeave(Generation generation)
    {
        lock (_gate)
        {
            var left = _waiting.Remove(generation);
            Volatile.Write(ref _count, _waiting.Count);
            return left;
        }
    }

    /// <summary>Waits for the next generation; null once the line is closed. The model's own thread.</summary>
    public Generation? Take()
    {
        lock (_gate)
        {
            _idle = true;
            while (!_closed && _waiting.Count == 0)
            {
                Monitor.Wait(_gate);
            }

            if (_closed)
            {
                return null;
            }

            var first = _waiting.First!.Value;
            _waiting.RemoveFirst();
            Volatile.Write(ref _count, _waiting.Count);
            _idle = false;
            return first;
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
            Volatile.Write(ref _count, 0);
            Monitor.Pulse(_gate);
            return left;
        }
    }

    // An idle model takes one more than the line is long: that one does not wait.
    private bool HasNoPlace() => _closed || _waiting.Count >= length + (_idle ? 1 : 0);
}
