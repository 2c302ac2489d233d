using System.Globalization;

namespace ShopifyLlmGuard.Releases.Comparing;

/// <summary>A minute in which a new release and its predecessor may both have answered.</summary>
internal sealed record ComparedMinute(DateTimeOffset Minute, ReleaseCounts New, ReleaseCounts Old);

/// <summary>How a new release stands beside its predecessor in one signal.</summary>
/// <param name="Signal">One of <see cref="ReleaseSignals"/>.</param>
/// <param name="New">Bad answers of how many.</param>
/// <param name="Old">The same of its predecessor.</param>
/// <param name="Evidence">From 0, nothing speaks against it, over 1, which says nothing, upwards.</param>
public sealed record SignalStand(string Signal, (long Bad, long Of) New, (long Bad, long Of) Old, double Evidence);

/// <summary>What is thought of a new release.</summary>
/// <param name="Signal">What is wrong with it; null when nothing is.</param>
/// <param name="Detail">One plain sentence.</param>
/// <param name="IsProven">Enough good answers of both, and nothing wrong. Missing data is neither.</param>
public sealed record ReleaseVerdict(string? Signal, string Detail, bool IsProven)
{
    /// <summary>The beginning of the first bad minute; null when nothing is wrong.</summary>
    public DateTimeOffset? BadSince { get; init; }

    /// <summary>The evidence of all signals together; it is rolled back at 1 / <see cref="ReleaseOptions.FalseAlarms"/>.</summary>
    public double Evidence { get; init; }

    /// <summary>Each signal by itself.</summary>
    public IReadOnlyList<SignalStand> Stands { get; init; } = [];
}

/// <summary>Compares a new release with its predecessor, so that trouble of both is the fault of neither. Pure.</summary>
internal static class ReleaseJudge
{
    /// <param name="minutes">Since the new release has its present share.</param>
    /// <param name="share">That share, above 0 and below 1.</param>
    /// <param name="options">The thresholds.</param>
    public static ReleaseVerdict Judge(IReadOnlyList<ComparedMinute> minutes, double share, ReleaseOptions options)
    {
        var (fresh, old) = (Sum(minutes, minute => minute.New), Sum(minutes, minute => minute.Old));
        var found = ReleaseSignals.Counted.Select(signal => (signal.Name, signal.Read, Evidence: Evidence(minutes, signal.Read, share, options))).ToList();
        // The mean of what may be found by all signals is worth as much as each: looking for several things makes no false alarm likelier.
        var together = found.Average(signal => signal.Evidence.Value);
        IReadOnlyList<SignalStand> stands = [.. found.Select(signal => new SignalStand(signal.Name, signal.Read(fresh), signal.Read(old), signal.Evidence.Value))];
        var suspects = found.Where(signal => IsWorse(minutes, signal.Read, signal.Evidence.BadSince)).ToList();
        if (together < 1 / options.FalseAlarms || suspects.Count == 0)
        {
            return Unalarmed(fresh, old, together, options) with { Evidence = together, Stands = stands };
        }

        var worst = suspects.MaxBy(signal => signal.Evidence.Value);
        return new(worst.Name, Tell(worst.Name, worst.Read(fresh), worst.Read(old)), false)
        {
            BadSince = worst.Evidence.BadSince, Evidence = together, Stands = stands,
        };
    }

    // Answers that never came to be counted look like bad luck, too: what is held against a release must have been seen.
    private static bool IsWorse(IEnumerable<ComparedMinute> minutes, Func<ReleaseCounts, (long Bad, long Of)> read, DateTimeOffset? since)
    {
        var bad = minutes.Where(minute => minute.Minute >= since).ToList();
        var (fresh, old) = (read(Sum(bad, minute => minute.New)), read(Sum(bad, minute => minute.Old)));
        return fresh.Bad * old.Of > old.Bad * fresh.Of;
    }

    private static SignalEvidence Evidence(
        IEnumerable<ComparedMinute> minutes, Func<ReleaseCounts, (long Bad, long Of)> read, double share, ReleaseOptions options)
    {
        var evidence = new SignalEvidence(share, options.Tolerance);
        foreach (var minute in minutes.Where(minute => read(minute.New).Of + read(minute.Old).Of > 0))
        {
            evidence.Add(minute.Minute, read(minute.New), read(minute.Old));
        }

        return evidence;
    }

    // An outage of both brings answers enough, but no good ones; and nobody meets a release that has no host here. Neither proves anything.
    private static ReleaseVerdict Unalarmed(ReleaseCounts fresh, ReleaseCounts old, double evidence, ReleaseOptions options)
    {
        var (good, oldGood) = (fresh.Answers - fresh.Fallbacks, old.Answers - old.Fallbacks);
        return fresh.Answers == 0 ? new(null, "It has not answered anyone yet.", false)
            : Math.Min(good, oldGood) < options.EnoughAnswers ? new(null, string.Create(
                CultureInfo.InvariantCulture, $"{good} good answers, its predecessor {oldGood}: it takes {options.EnoughAnswers} of each to judge it."), false)
            : evidence > 1 ? new(null, string.Create(CultureInfo.InvariantCulture, $"{good} good answers, but something speaks against it: not yet proven."), false)
            : new(null, string.Create(CultureInfo.InvariantCulture, $"{good} good answers, and as good as its predecessor."), true);
    }

    private static ReleaseCounts Sum(IEnumerable<ComparedMinute> minutes, Func<ComparedMinute, ReleaseCounts> read) =>
        minutes.Aggregate(ReleaseCounts.None, (sum, minute) => sum + read(minute));

    private static string Tell(string signal, (long Bad, long Of) fresh, (long Bad, long Of) old) => string.Create(
        CultureInfo.InvariantCulture, $"{signal}: {fresh.Bad} of {fresh.Of} answers, its predecessor {old.Bad} of {old.Of}.");
}
