namespace ShopifyLlmGuard.Llm.Routing;

/// <summary>
/// Places, and the line before them. No caller takes more than its share, the last places are kept for callers that have none,
/// and a place that becomes free goes to the waiting caller that has the fewest.
/// </summary>
internal sealed class FairLine(int places, int perCaller, int newcomers)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, int> running = [];
    private readonly LinkedList<Waiting> line = [];
    private readonly int kept = Math.Clamp(newcomers, 0, Math.Max(0, places - perCaller));
    private int taken;

    public double Load => (double)Volatile.Read(ref taken) / places;

    /// <summary>A place, to be given back by disposing it; null when none came free in time, or the line is too long.</summary>
    public async Task<IDisposable?> EnterAsync(string caller, TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken)
    {
        LinkedListNode<Waiting> mine;
        lock (gate)
        {
            if (TryTake(caller))
            {
                return new Place(this, caller);
            }

            // A storm must not fill the line either.
            if (line.Count(waiting => waiting.Caller == caller) >= perCaller)
            {
                return null;
            }

            mine = line.AddLast(new Waiting(caller, new(TaskCreationOptions.RunContinuationsAsynchronously)));
        }

        await Race.EndsAsync(mine.Value.Turn.Task, limit, clock, cancellationToken);
        return Leave(mine) ? new Place(this, caller) : null;
    }

    // Whether the turn came, perhaps in the very last moment.
    private bool Leave(LinkedListNode<Waiting> mine)
    {
        lock (gate)
        {
            if (mine.List is not null)
            {
                line.Remove(mine);
                return false;
            }

            return true;
        }
    }

    private bool TryTake(string caller)
    {
        var own = running.GetValueOrDefault(caller);
        var free = places - taken;
        if (own >= perCaller || free <= (own == 0 ? 0 : kept))
        {
            return false;
        }

        running[caller] = own + 1;
        taken++;
        return true;
    }

    private void GiveBack(string caller)
    {
        lock (gate)
        {
            taken--;
            if (--running[caller] == 0)
            {
                running.Remove(caller);
            }

            foreach (var waiting in line.OrderBy(waiting => running.GetValueOrDefault(waiting.Caller)).ToList())
            {
                if (TryTake(waiting.Caller))
                {
                    line.Remove(waiting);
                    waiting.Turn.SetResult();
                }
            }
        }
    }

    private sealed record Waiting(string Caller, TaskCompletionSource Turn);

    private sealed class Place(FairLine line, string caller) : IDisposable
    {
        private int given;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref given, 1) == 0)
            {
                line.GiveBack(caller);
            }
        }
    }
}
