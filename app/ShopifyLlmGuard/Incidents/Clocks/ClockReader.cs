using ShopifyLlmGuard.Incidents.Judgement;

namespace ShopifyLlmGuard.Incidents.Clocks;

/// <summary>How a clock stands.</summary>
public enum ClockState
{
    /// <summary>What it starts with has not happened yet.</summary>
    Waiting,

    /// <summary>A person decided that this report is not needed.</summary>
    NotRequired,
    Running,
    DueSoon,
    Overdue,
    Met,

    /// <summary>Handed in after it was due.</summary>
    MetLate,
}

/// <summary>A report that a person handed in.</summary>
public sealed record Submission(string Stage, DateTimeOffset At, string By, string? Reference);

/// <summary>What clocks are read from.</summary>
/// <param name="DetectedAt">When the trouble showed first.</param>
/// <param name="AwareAt">When a person became aware; null when nobody has.</param>
/// <param name="EndedAt">When it had been handled; null while it goes on.</param>
/// <param name="Submissions">Reports that were handed in.</param>
/// <param name="Decisions">What was decided last, by topic.</param>
/// <param name="Assessment">What people found out.</param>
public sealed record ClockFacts(
    DateTimeOffset DetectedAt, DateTimeOffset? AwareAt, DateTimeOffset? EndedAt, IReadOnlyList<Submission> Submissions,
    IReadOnlyDictionary<string, bool> Decisions, Assessment Assessment);

/// <summary>How a clock stands at one moment.</summary>
/// <param name="Rule">Which deadline.</param>
/// <param name="State">How it stands.</param>
/// <param name="Start">When it began to run; null while it waits.</param>
/// <param name="Due">When it ends; null while it waits.</param>
/// <param name="Submission">The report that met it; null when none has.</param>
public sealed record ClockReading(ClockRule Rule, ClockState State, DateTimeOffset? Start, DateTimeOffset? Due, Submission? Submission);

/// <summary>Reads legal clocks. Where a rule can be read in two ways, the earlier deadline counts. Pure.</summary>
public static class ClockReader
{
    /// <summary>Every clock of the enabled profiles, in the order of <see cref="ClockRules"/>.</summary>
    public static IReadOnlyList<ClockReading> Read(ClockFacts facts, IncidentOptions options, DateTimeOffset now) =>
        [.. options.Rules.Where(rule => rule.From != ClockStart.Ended || First(facts, [rule.After!]) is not null)
            .Select(rule => Read(rule, facts, options, now))];

    /// <summary>When a span of time ends. Days and months are counted on the wall clock of <paramref name="zone"/>.</summary>
    public static DateTimeOffset Due(DateTimeOffset from, ClockLimit limit, TimeZoneInfo zone)
    {
        if (limit.Hours > 0)
        {
            return from.AddHours(limit.Hours);
        }

        // AddMonths ends at the last day of a shorter month, as a period of months does in law.
        var wall = TimeZoneInfo.ConvertTime(from, zone).DateTime.AddDays(limit.Days).AddMonths(limit.Months);
        return new DateTimeOffset(wall, EarlierOffset(wall, zone)).ToUniversalTime();
    }

    private static ClockReading Read(ClockRule rule, ClockFacts facts, IncidentOptions options, DateTimeOffset now)
    {
        var met = First(facts, [rule.Stage, .. rule.MetBy]);
        var from = facts.Assessment.Individuals < rule.YearlyBelow ? ClockStart.YearEnd : rule.From;
        var start = from switch
        {
            ClockStart.Detected => facts.DetectedAt,
            ClockStart.Aware => facts.AwareAt,
            ClockStart.Submitted => First(facts, [rule.After!])?.At,
            ClockStart.YearEnd => YearEnd(facts.DetectedAt, options.TimeZone),
            _ => facts.EndedAt,
        };
        DateTimeOffset? due = start is { } begun ? Due(begun, rule.Limit, options.TimeZone) : null;
        return new ClockReading(rule, State(rule, facts, options, start, due, met, now), start, due, met);
    }

    private static ClockState State(
        ClockRule rule, ClockFacts facts, IncidentOptions options, DateTimeOffset? start, DateTimeOffset? due, Submission? met,
        DateTimeOffset now)
    {
        if (met is not null)
        {
            return due is null || met.At <= due ? ClockState.Met : ClockState.MetLate;
        }

        if (IsNotRequired(rule, facts))
        {
            return ClockState.NotRequired;
        }

        return due is null ? ClockState.Waiting
            : now > due ? ClockState.Overdue
            : due - now <= (due - start) * options.DueSoonShare ? ClockState.DueSoon : ClockState.Running;
    }

    // A decision and a fact about one law say nothing about another.
    private static bool IsNotRequired(ClockRule rule, ClockFacts facts) =>
        facts.Assessment.Individuals <= rule.OnlyAbove
        || (facts.Decisions.TryGetValue(rule.Topic, out var needed) ? !needed : Topics.Fact(rule.Topic, facts.Assessment) == YesNo.No);

    private static DateTimeOffset YearEnd(DateTimeOffset moment, TimeZoneInfo zone)
    {
        var wall = new DateTime(TimeZoneInfo.ConvertTime(moment, zone).Year + 1, 1, 1, 0, 0, 0, DateTimeKind.Unspecified);
        return new DateTimeOffset(wall, EarlierOffset(wall, zone)).ToUniversalTime();
    }

    // A progress report stands for the final one only while the incident goes on.
    private static Submission? First(ClockFacts facts, string[] stages) => facts.Submissions
        .Where(each => stages.Contains(each.Stage) && !(each.Stage == ClockRules.Nis2Progress && facts.EndedAt <= each.At))
        .MinBy(each => each.At);

    // Where the wall clock is set back the moment comes twice, where it is set forward it never comes: the larger offset is the earlier one.
    private static TimeSpan EarlierOffset(DateTime wall, TimeZoneInfo zone)
    {
        if (!zone.IsInvalidTime(wall) && !zone.IsAmbiguousTime(wall))
        {
            return zone.GetUtcOffset(wall);
        }

        var (before, after) = (zone.GetUtcOffset(wall.AddDays(-1)), zone.GetUtcOffset(wall.AddDays(1)));
        return before > after ? before : after;
    }
}
