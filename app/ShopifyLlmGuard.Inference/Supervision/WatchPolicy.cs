using ShopifyLlmGuard.Inference.Heartbeat;

namespace ShopifyLlmGuard.Inference.Supervision;

/// <summary>Whether a worker that has not ended is to be ended.</summary>
internal static class WatchPolicy
{
    /// <summary>
    /// So many requests in a row that broke off are worth a question. They are no proof: the request itself can be at fault, or a crowd
    /// at the worker's socket.
    /// </summary>
    public const int MostBroken = 3;

    /// <param name="last">The worker's last beat.</param>
    /// <param name="beatAge">How long ago that came.</param>
    /// <param name="isDeaf">After <see cref="MostBroken"/> broken requests it did not answer the front's own question either.</param>
    /// <param name="sinceLastLook">How long ago the watch looked before; much more than usual when this process itself stood still.</param>
    /// <param name="limit">How long a model may work without a token, and a worker live without a beat.</param>
    /// <returns>Why it is to be ended; null when it is not.</returns>
    public static WorkerEnd? Judge(Beat last, TimeSpan beatAge, bool isDeaf, TimeSpan sinceLastLook, TimeSpan limit)
    {
        if (isDeaf)
        {
            return WorkerEnd.Broken;
        }

        // Beats that could not be read yet say nothing about the worker.
        if (sinceLastLook > limit / 2)
        {
            return null;
        }

        if (beatAge > limit)
        {
            return WorkerEnd.Silent;
        }

        return last.StuckFor > limit ? WorkerEnd.Wedged : null;
    }
}

/// <summary>How a worker ended unasked: the metric's label, in kebab case.</summary>
internal enum WorkerEnd
{
    /// <summary>With an exit code of its own.</summary>
    Exit,

    /// <summary>By SIGABRT or SIGSEGV and their like: llama.cpp or the driver failed.</summary>
    Abort,

    /// <summary>By SIGKILL: mostly the kernel's answer to too little memory.</summary>
    Killed,

    /// <summary>By another signal.</summary>
    Signal,

    /// <summary>Ended by the watch: busy, and no token for too long.</summary>
    Wedged,

    /// <summary>Ended by the watch: it stopped to say anything.</summary>
    Silent,

    /// <summary>Ended by the watch: it lived, its requests broke off, and it did not answer the front either. So ends a process without memory that nobody kills.</summary>
    Broken,

    /// <summary>Ended by the watch: it did not become ready in time.</summary>
    Slow,

    /// <summary>Replaced by the watch: its memory reached the hard limit.</summary>
    Memory,
}

internal static class WorkerEnds
{
    private const int BySignal = 128;

    /// <param name="exitCode">As .NET tells it: 128 + the signal when a signal ended it.</param>
    public static WorkerEnd Of(int exitCode) => (exitCode - BySignal) switch
    {
        9 => WorkerEnd.Killed,
        4 or 6 or 7 or 8 or 11 or 31 => WorkerEnd.Abort,
        > 0 => WorkerEnd.Signal,
        _ => WorkerEnd.Exit,
    };

    public static string Text(this WorkerEnd end) => end.ToString().ToLowerInvariant();
}
