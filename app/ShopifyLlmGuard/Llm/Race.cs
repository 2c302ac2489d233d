namespace ShopifyLlmGuard.Llm;

/// <summary>A real timer against work that may not listen to cancellation.</summary>
internal static class Race
{
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

        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var first = await Task.WhenAny(work, Task.Delay(limit, clock, timer.Token));
        await timer.CancelAsync();
        return first == work;
    }

    /// <summary>Lets an abandoned work end by itself; its exception is seen here, and nowhere else.</summary>
    public static void Forget(Task work) => _ = work.ContinueWith(
        static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
