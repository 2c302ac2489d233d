using System.Globalization;

namespace ShopifyLlmGuard.Releases;

/// <summary>A minute in which a new release and its predecessor may both have answered.</summary>
internal sealed record ComparedMinute(DateTimeOffset Minute, ReleaseCounts New, ReleaseCounts Old);

/// <summary>What is thought of a new release.</summary>
/// <param name="Signal">What is wrong with it; null when nothing is.</param>
/// <param name="Detail">One plain sentence.</param>
/// <param name="IsProven">Enough answers, and nothing wrong. Missing data is neither.</param>
internal sealed record ReleaseVerdict(string? Signal, string Detail, bool IsProven);

/// <summary>Compares a new release with its predecessor, minute by minute, so that trouble of both is the fault of neither. Pure.</summary>
internal static class ReleaseJudge
{
    private static readonly int[] NearMinutes = [-2, -1, 0, 1, 2];

    // The predecessor's usual share counts as much as this many answers beside those of the same minutes.
    private const double UsualWeight = 2;
    private const double HighestExpected = 0.95;

    /// <param name="minutes">Since the new release has its present share.</param>
    /// <param name="options">The thresholds.</param>
    public static ReleaseVerdict Judge(IReadOnlyList<ComparedMinute> minutes, ReleaseOptions options)
    {
        var (fresh, old) = (Sum(minutes, minute => minute.New), Sum(minutes, minute => minute.Old));
        if (fresh.Answers == 0)
        {
            // Nobody may have met it: a shop without a host for it, or visitors whom nobody could know again. So this is no fault, and no proof.
            return new(null, "It has not answered anyone yet.", false);
        }

        foreach (var (name, read) in ReleaseSignals.Counted)
        {
            if (SequentialTest.Evidence(Rows(minutes, read, options.Tolerance)) >= 1 / options.FalseAlarms)
            {
                return new(name, Tell(name, read(fresh), read(old)), false);
            }
        }

        return fresh.Answers < options.EnoughAnswers
            ? new(null, string.Create(CultureInfo.InvariantCulture, $"{fresh.Answers} of {options.EnoughAnswers} answers that it takes to judge it."), false)
            : new(null, string.Create(CultureInfo.InvariantCulture, $"{fresh.Answers} answers, and as good as its predecessor."), true);
    }

    private static List<(long Bad, long Of, double Expected)> Rows(
        IReadOnlyList<ComparedMinute> minutes, Func<ReleaseCounts, (long Bad, long Of)> read, double tolerance)
    {
        var (usualBad, usualOf) = read(Sum(minutes, minute => minute.Old));
        var usual = usualOf == 0 ? 0 : (double)usualBad / usualOf;
        var old = minutes.ToDictionary(minute => minute.Minute, minute => minute.Old);
        return [.. minutes.Where(minute => read(minute.New).Of > 0).Select(minute =>
        {
            var (bad, of) = read(minute.New);
            var (nearBad, nearOf) = read(NearMinutes.Aggregate(
                ReleaseCounts.None, (sum, away) => sum + old.GetValueOrDefault(minute.Minute.AddMinutes(away), ReleaseCounts.None)));
            return (bad, of, Math.Min(HighestExpected, ((nearBad + (UsualWeight * usual)) / (nearOf + UsualWeight)) + tolerance));
        })];
    }

    private static ReleaseCounts Sum(IEnumerable<ComparedMinute> minutes, Func<ComparedMinute, ReleaseCounts> read) =>
        minutes.Aggregate(ReleaseCounts.None, (sum, minute) => sum + read(minute));

    private static string Tell(string signal, (long Bad, long Of) fresh, (long Bad, long Of) old) => string.Create(
        CultureInfo.InvariantCulture, $"{signal}: {fresh.Bad} of {fresh.Of} answers, its predecessor {old.Bad} of {old.Of}.");
}
