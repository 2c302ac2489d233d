using ShopifyLlmGuard.Incidents.Answers;
using ShopifyLlmGuard.Incidents.Clocks;
using ShopifyLlmGuard.Incidents.Judgement;

namespace ShopifyLlmGuard.Incidents;

/// <summary>One line of a timeline.</summary>
/// <param name="At">When.</param>
/// <param name="What">What happened, one sentence.</param>
/// <param name="By">Who.</param>
/// <param name="Reason">Why; null when nobody said.</param>
public sealed record TimelineLine(DateTimeOffset At, string What, string By, string? Reason);

/// <summary>A moment and the person, or the guard, that it comes from.</summary>
public sealed record IncidentMoment(DateTimeOffset At, string By, string? Reason, DateTimeOffset RecordedAt);

/// <summary>Everything that one reader may know of one incident: the operator all of it, a merchant only what touched its own shop.</summary>
/// <param name="Incident">The row, without its impacts and steps.</param>
/// <param name="Shop">The merchant; null for the operator.</param>
/// <param name="Impacts">What was not live, and when.</param>
/// <param name="Steps">The reader's own steps and the guard's, oldest first.</param>
/// <param name="Timeline">What happened, oldest first.</param>
/// <param name="Answers">What shoppers saw meanwhile.</param>
/// <param name="Earlier">Losses of earlier incidents with the same root cause; null where unknown.</param>
/// <param name="ReadAt">When this was so.</param>
public sealed record IncidentFile(
    Incident Incident, string? Shop, IReadOnlyList<IncidentImpact> Impacts, IReadOnlyList<IncidentStep> Steps,
    IReadOnlyList<TimelineLine> Timeline, IReadOnlyList<AnswerCount> Answers, IReadOnlyList<decimal?> Earlier, DateTimeOffset ReadAt)
{
    public IncidentMoment Detected => new(Incident.DetectedAt, Incident.DetectedBy, Incident.Title, Incident.DetectedAt);

    public IncidentMoment? Assessed => MomentOf(Steps.LastOrDefault(step => step.Kind == IncidentStep.Assessed));

    /// <summary>The first of all: whoever becomes aware later moves no clock.</summary>
    public IncidentMoment? Aware => MomentOf(Steps.Where(step => step.Kind == IncidentStep.Aware).MinBy(step => step.At));

    public Assessment Assessment => Steps.LastOrDefault(step => step.Kind == IncidentStep.Assessed)?.Assessment ?? new Assessment();

    /// <summary>When the reader's own part ended: another shop's may go on.</summary>
    public DateTimeOffset? EndedAt => Impacts.Count == 0 ? Incident.EndedAt
        : Impacts.Any(impact => impact.Until is null) ? null : Impacts.Max(impact => impact.Until);

    public IReadOnlyList<string> Features => [.. Impacts.Select(impact => impact.Feature).Distinct().Order(StringComparer.Ordinal)];

    public int Shops => Impacts.Select(impact => impact.Shop).Distinct().Count();

    /// <summary>How long something was not live; overlaps count once.</summary>
    public TimeSpan Duration => Intervals.Length(Impacts.Select(impact => new Interval(impact.From, impact.Until)), ReadAt);

    public IEnumerable<(string Feature, TimeSpan Duration)> Durations => Features.Select(feature => (feature, Intervals.Length(
        Impacts.Where(impact => impact.Feature == feature).Select(impact => new Interval(impact.From, impact.Until)), ReadAt)));

    /// <summary>What was decided last about a topic; null when nobody has decided.</summary>
    public IncidentStep? Decision(string topic) => Steps.LastOrDefault(step => step.Kind == IncidentStep.Decided && step.About == topic);

    public IReadOnlyList<ClockReading> Clocks(IncidentOptions options) => ClockReader.Read(
        new ClockFacts(
            Incident.DetectedAt, Aware?.At, EndedAt,
            [.. Steps.Where(step => step.Kind == IncidentStep.Submitted).Select(step => new Submission(step.About!, step.At, step.Actor, step.Reference))],
            Topics.All.Where(topic => Decision(topic) is not null).ToDictionary(topic => topic, topic => Decision(topic)!.Decision == true),
            Assessment),
        options, ReadAt);

    public Proposal Proposal(SignificanceOptions options) =>
        Significance.Propose(new SignificanceFacts(WithoutAI, Answers.Sum(answer => answer.Count), Assessment, Earlier), options);

    // What a person opened is what that person says, and nothing that the guard has seen.
    private TimeSpan WithoutAI => Intervals.Length(
        Impacts.Where(impact => impact.Reason != Incident.ByHand).Select(impact => new Interval(impact.From, impact.Until)), ReadAt);

    internal static string RootCauseOf(Incident incident, Assessment? assessment) => assessment?.RootCause is { Length: > 0 } said
        ? said.Trim().ToLowerInvariant()
        : $"{incident.Cause} {string.Join(' ', incident.Endpoints)}".Trim();

    private static IncidentMoment? MomentOf(IncidentStep? step) =>
        step is null ? null : new IncidentMoment(step.At, step.Actor, step.Reason, step.RecordedAt);
}
