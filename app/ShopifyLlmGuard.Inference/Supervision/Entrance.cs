namespace ShopifyLlmGuard.Inference.Supervision;

/// <summary>Counts who is inside; once closed nobody comes in, and one can wait until it is empty.</summary>
internal sealed class Entrance
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _inside;
    private bool _closed;

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _inside == 0;
            }
        }
    }

    public bool TryEnter()
    {
        lock (_gate)
        {
            _inside += _closed ? 0 : 1;
            return !_closed;
        }
    }

    public void Leave()
    {
        lock (_gate)
        {
            _inside--;
            CompleteWhenEmpty();
        }
    }

    /// <summary>Completes when the last one has left.</summary>
    public Task Close()
    {
        lock (_gate)
        {
            _closed = true;
            CompleteWhenEmpty();
            return _empty.Task;
        }
    }

    private void CompleteWhenEmpty()
    {
        if (_closed && _inside == 0)
        {
            _empty.TrySetResult();
        }
    }
}
