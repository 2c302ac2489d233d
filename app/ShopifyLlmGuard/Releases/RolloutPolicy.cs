namespace ShopifyLlmGuard.Releases;

/// <summary>Which steps a rollout may take. Pure; what may not be says why.</summary>
internal static class RolloutPolicy
{
    /// <summary>A candidate for a share of the visitors.</summary>
    /// <param name="now">What holds; null when nothing was ever released.</param>
    /// <param name="wanted">Feature, candidate, percent, actor, reason, moment.</param>
    /// <param name="untested">Why its golden prompts have not shown that it works; null when they have.</param>
    /// <param name="wasRolledBack">Whether it has failed before.</param>
    public static Outcome Start(RolloutChange? now, RolloutWish wanted, string? untested, bool wasRolledBack) =>
        now?.Candidate is { } other ? Outcome.No($"{other} is still a candidate: promote it or roll it back first.")
        : now?.Stable == wanted.Release ? Outcome.No($"{wanted.Release} answers everyone already.")
        : wanted.Percent is < 1 or > 99 ? Outcome.No("The share must be 1 to 99 percent; promote it when it has proved itself.")
        : wasRolledBack ? Outcome.No($"{wanted.Release} was rolled back. Put what is mended into a release with a new name.")
        : untested is not null ? Outcome.No($"{untested}: run `release test {wanted.Release}` first.")
        : Outcome.Yes(Next(now, wanted, RolloutStep.Started, now?.Stable ?? Release.BuiltIn, now?.Previous, wanted.Release, wanted.Percent));

    /// <summary>Why a golden run has not shown that a release works everywhere; null when it has.</summary>
    /// <param name="release">The release's id.</param>
    /// <param name="last">Its last golden run; null when there was none.</param>
    /// <param name="hosts">The endpoints that would answer for it now.</param>
    public static string? Untested(string release, GoldenRun? last, IEnumerable<string> hosts) =>
        last?.Passed != true ? $"{release} has not passed its golden prompts"
        : hosts.Except(last.Results.Select(result => result.Endpoint), StringComparer.Ordinal).ToList() is { Count: > 0 } missed
            ? $"{release} has not been asked its golden prompts at {string.Join(", ", missed)}"
        : null;

    /// <summary>Another share for the candidate; from 100 on it is the stable one.</summary>
    public static Outcome Widen(RolloutChange? now, RolloutWish wanted) =>
        now?.Candidate is not { } candidate ? Outcome.No("There is no candidate.")
        : wanted.Percent is < 1 or > 100 ? Outcome.No("The share must be 1 to 100 percent.")
        : wanted.Percent < 100 ? Outcome.Yes(Next(now, wanted, RolloutStep.Widened, now.Stable, now.Previous, candidate, wanted.Percent))
        : Outcome.Yes(Next(now, wanted, RolloutStep.Promoted, candidate, now.Stable, null, 0));

    /// <summary>Back to the one before: the candidate goes, or else the previous release is the stable one again.</summary>
    public static Outcome RollBack(RolloutChange? now, RolloutWish wanted) => now switch
    {
        { Candidate: not null } => Outcome.Yes(Next(now, wanted, RolloutStep.RolledBack, now.Stable, now.Previous, null, 0)),
        { Previous: { } previous } => Outcome.Yes(Next(now, wanted, RolloutStep.RolledBack, previous, null, null, 0)),
        _ => Outcome.No("There is nothing to go back to."),
    };

    private static RolloutChange Next(
        RolloutChange? now, RolloutWish wanted, RolloutStep step, string stable, string? previous, string? candidate, int percent) => new()
        {
            Feature = wanted.Feature, Stable = stable, Previous = previous, Candidate = candidate, Percent = percent, Step = step,
            IsAutomatic = candidate is not null && (wanted.IsAutomatic ?? now?.IsAutomatic ?? false), Actor = wanted.Actor, Reason = wanted.Reason,
            Signal = wanted.Signal, At = wanted.At,
        };

    /// <summary>The next row, or why there is none.</summary>
    internal sealed record Outcome(RolloutChange? Change, string? Problem)
    {
        public static Outcome Yes(RolloutChange change) => new(change, null);

        public static Outcome No(string problem) => new(null, problem);
    }
}

/// <summary>What someone wants of a rollout.</summary>
/// <param name="Feature">Whose.</param>
/// <param name="Actor">Who wants it.</param>
/// <param name="Reason">Why.</param>
/// <param name="At">When.</param>
internal sealed record RolloutWish(string Feature, string Actor, string Reason, DateTimeOffset At)
{
    public string Release { get; init; } = "";
    public int Percent { get; init; }
    public bool? IsAutomatic { get; init; }
    public string? Signal { get; init; }
}
