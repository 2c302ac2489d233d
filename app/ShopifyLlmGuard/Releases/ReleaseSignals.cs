namespace ShopifyLlmGuard.Releases;

/// <summary>What can be wrong with a release: a small closed set, the same in rows, logs and metrics.</summary>
public static class ReleaseSignals
{
    public const string DeadlineMisses = "deadline-misses";
    public const string Fallbacks = "fallbacks";
    public const string Errors = "errors";
    public const string Refusals = "refusals";
    public const string SlowTokens = "slow-tokens";

    // The narrow ones first: a rollback names the one that says most.
    internal static IReadOnlyList<(string Name, Func<ReleaseCounts, (long Bad, long Of)> Read)> Counted { get; } =
    [
        (DeadlineMisses, counts => (counts.Missed, counts.Answers)),
        (Errors, counts => (counts.Errors, counts.Answers)),
        (Refusals, counts => (counts.Refusals, counts.Answers)),
        (SlowTokens, counts => (counts.Slow, counts.Paced)),
        (Fallbacks, counts => (counts.Fallbacks, counts.Answers)),
    ];
}
