namespace ShopifyLlmGuard.Incidents.Judgement;

/// <summary>What significance is proposed from.</summary>
/// <param name="WithoutAI">How long an AI feature was not live, overlaps once. It says nothing about the critical path.</param>
/// <param name="Answers">How many answers shoppers got from the guard meanwhile.</param>
/// <param name="Assessment">What people found out.</param>
/// <param name="Earlier">Earlier incidents with the same root cause in the time that counts: their losses in euros, null where unknown.</param>
public sealed record SignificanceFacts(TimeSpan WithoutAI, long Answers, Assessment Assessment, IReadOnlyList<decimal?> Earlier);

/// <summary>One criterion.</summary>
/// <param name="Code">Kebab-case.</param>
/// <param name="Source">Where it stands.</param>
/// <param name="Question">What it asks.</param>
/// <param name="Met">Whether it is met.</param>
/// <param name="Because">The facts behind the answer; for an unknown one, what a person must say.</param>
public sealed record Finding(string Code, string Source, string Question, YesNo Met, string Because);

/// <summary>What the tool proposes. A person decides.</summary>
/// <param name="Verdict">Yes if any criterion is met, no if none can be, otherwise unknown.</param>
/// <param name="Findings">Every criterion.</param>
public sealed record Proposal(YesNo Verdict, IReadOnlyList<Finding> Findings)
{
    /// <summary>The criteria that the verdict rests on, with their sources, one line; of a no, all of them.</summary>
    public string Grounds => string.Join("; ", Findings.Where(finding => Verdict == YesNo.No || finding.Met == Verdict)
        .Select(finding => $"{finding.Code} ({finding.Source})"));
}

/// <summary>
/// The criteria of Implementing Regulation (EU) 2024/2690, Articles 3, 4, 7, 10 and 11. It applies to few kinds of entity; for a
/// pharmacy or a hospital national law sets the threshold of NIS2 Article 23(3), so the numbers are options. Availability is that of
/// checkout, login, booking and the shop's pages, which do not run through the guard: what it cannot know it asks. What nobody
/// knows never becomes a no. Pure.
/// </summary>
public static class Significance
{
    public const string General = "general", Cloud = "cloud", ManagedService = "managed-service", Marketplace = "marketplace";

    public static IReadOnlyList<string> Profiles { get; } = [General, Cloud, ManagedService, Marketplace];

    public static Proposal Propose(SignificanceFacts facts, SignificanceOptions options)
    {
        if (facts.Assessment.Planned == YesNo.Yes)
        {
            return new Proposal(YesNo.No, [new(
                "planned", Law.Regulation("3(2)"), "Was it planned maintenance or a drill?", YesNo.Yes, "Planned interruptions are excluded.")]);
        }

        List<Finding> findings =
        [
            LossCriteria.Loss(facts, options), .. HarmCriteria.All(facts.Assessment), LossCriteria.Recurrence(facts, options),
            .. options.Profile == General ? [HarmCriteria.Disruption(facts.Assessment)] : AvailabilityCriteria.All(facts, options),
        ];
        return new Proposal(Judged.Any(findings.Select(finding => finding.Met)), findings);
    }
}
