namespace ShopifyLlmGuard.Llm;

/// <summary>A real timer against work that may not listen to cancellation.</summary>
internal static class Race
{
    /// <summary>By how much an outer timer lets an inner one with the same deadline speak first: it knows more about what happened.</summary>
    public static readonly TimeSpan Courtesy = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Whether the work ends within the limit. The work is not awaited any longer than that; a faulted or cancelled work has
    /// ended. The caller cancels what has lost, and lets <see cref="Forget"/> watch it.
    /// </summary>
    public static async Task<bool> EndsAsync(Task work, TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (work.IsCompleted)
        {
            return true;
        }

        if (limit <= TimeSpan.Zero)
        {
            return false;
        }

        await work.WaitAsync(limit, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return work.IsCompleted;
    }

    /// <summary>
    /// Leaves a work whose time is over. It gets a moment to end by its own limits, so that an endpoint's silence is known as
    /// that and not as a cancellation; then it is stopped.
    /// </summary>
    public static void Abandon(Task work, CancellationTokenSource stop, TimeProvider clock)
    {
        Forget(work);
        Forget(StopLaterAsync(work, stop, clock));
    }

    /// <summary>Lets an abandoned work end by itself; its exception is seen here, and nowhere else.</summary>
    public static void Forget(Task work) => _ = work.ContinueWith(
        static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private static async Task StopLaterAsync(Task work, CancellationTokenSource stop, TimeProvider clock)
    {
        await EndsAsync(work, Grace, clock, CancellationToken.None);
        await stop.CancelAsync();
        stop.Dispose();
    }
}
