namespace ShopifyLlmGuard.Releases.Comparing;

/// <summary>What can be wrong with a release: a small closed set, the same in rows, logs and metrics.</summary>
public static class ReleaseSignals
{
    public const string DeadlineMisses = "deadline-misses";
    public const string Errors = "errors";
    public const string Unusable = "unusable-answers";
    public const string Busy = "no-room";
    public const string Refusals = "refusals";
    public const string SlowTokens = "slow-tokens";
    public const string Fallbacks = "fallbacks";

    // The narrow ones first: a rollback names the one that says most.
    internal static IReadOnlyList<(string Name, Func<ReleaseCounts, (long Bad, long Of)> Read)> Counted { get; } =
    [
        (DeadlineMisses, counts => (counts.Missed, counts.Answers)),
        (Errors, counts => (counts.Errors, counts.Answers)),
        (Unusable, counts => (counts.Unusable, counts.Answers)),
        (Busy, counts => (counts.Busy, counts.Answers)),
        (Refusals, counts => (counts.Refusals, counts.Answers)),
        (SlowTokens, counts => (counts.Slow, counts.Paced)),
        (Fallbacks, counts => (counts.Fallbacks, counts.Answers)),
    ];
}
