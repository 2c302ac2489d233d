namespace ShopifyLlmGuard.Incidents.Clocks;

/// <summary>What a clock starts with.</summary>
public enum ClockStart
{
    /// <summary>When the trouble showed first.</summary>
    Detected,

    /// <summary>When a person became aware of the incident.</summary>
    Aware,

    /// <summary>When another report was handed in.</summary>
    Submitted,

    /// <summary>When the incident had been handled.</summary>
    Ended,

    /// <summary>When the year was over in which the trouble showed first.</summary>
    YearEnd,
}

/// <summary>How long a clock runs; exactly one of them is set. Hours are exact, days and months are those of the calendar.</summary>
public sealed class ClockLimit
{
    public int Hours { get; set; }
    public int Days { get; set; }
    public int Months { get; set; }

    internal bool IsOne => new[] { Hours, Days, Months } is var all && all.All(number => number >= 0) && all.Count(number => number > 0) == 1;
}

/// <summary>A legal deadline.</summary>
/// <param name="Stage">Which report is due; kebab-case, stored with submissions.</param>
/// <param name="Profile">Under which law: one of <see cref="ClockRules.Profiles"/>.</param>
/// <param name="Topic">The decision that can make it unnecessary, one of <see cref="Topics"/>: each law has its own.</param>
/// <param name="Label">The report's name.</param>
/// <param name="From">What it starts with.</param>
/// <param name="Limit">How long it runs.</param>
/// <param name="After">The stage whose submission must have been before; null for none.</param>
/// <param name="MetBy">Other stages that meet it, too.</param>
public sealed record ClockRule(
    string Stage, string Profile, string Topic, string Label, ClockStart From, ClockLimit Limit, string? After = null,
    params string[] MetBy)
{
    /// <summary>With fewer individuals than this, it starts when the year is over; null: however many there are.</summary>
    public int? YearlyBelow { get; init; }

    /// <summary>It is due only with more individuals than this; null: however many there are.</summary>
    public int? OnlyAbove { get; init; }
}

/// <summary>
/// The deadlines of NIS2 Article 23, GDPR Article 33, 45 CFR 164.404 to 164.410 and Article 14 of the Cyber Resilience Act. The lengths
/// can be configured, because these laws change and national ones differ.
/// </summary>
public static class ClockRules
{
    public const string Nis2 = "nis2", Gdpr = "gdpr", Cra = "cra";

    /// <summary>For a covered entity, and for whoever works for one as its business associate.</summary>
    public const string Hipaa = "hipaa", HipaaAssociate = "hipaa-associate";

    /// <summary>Stands for the final report while the incident goes on.</summary>
    public const string Nis2Progress = "nis2-progress";

    public static IReadOnlyList<string> Profiles { get; } = [Nis2, Gdpr, Hipaa, HipaaAssociate, Cra];

    public static IReadOnlyList<ClockRule> All { get; } =
    [
        new("nis2-early-warning", Nis2, Topics.Significant, "NIS2 early warning", ClockStart.Aware, new() { Hours = 24 }),
        new("nis2-notification", Nis2, Topics.Significant, "NIS2 incident notification", ClockStart.Aware, new() { Hours = 72 }),

        // From the submission of the notification, not from awareness.
        new("nis2-final", Nis2, Topics.Significant, "NIS2 final report, or progress report while it goes on", ClockStart.Submitted,
            new() { Months = 1 }, "nis2-notification", Nis2Progress),
        new("nis2-final-after-progress", Nis2, Topics.Significant, "NIS2 final report after a progress report", ClockStart.Ended,
            new() { Months = 1 }, Nis2Progress, "nis2-final"),
        new("gdpr-notification", Gdpr, Topics.Breach, "GDPR notification to the authority", ClockStart.Aware, new() { Hours = 72 }),
        new("hipaa-individuals", Hipaa, Topics.HipaaBreach, "HIPAA notice to individuals", ClockStart.Detected, new() { Days = 60 }),
        new("hipaa-hhs", Hipaa, Topics.HipaaBreach, "HIPAA notice to HHS", ClockStart.Detected, new() { Days = 60 }) { YearlyBelow = 500 },
        new("hipaa-media", Hipaa, Topics.HipaaBreach, "HIPAA notice to the media of a state", ClockStart.Detected, new() { Days = 60 }) { OnlyAbove = 500 },
        new("hipaa-covered-entity", HipaaAssociate, Topics.HipaaBreach, "HIPAA notice to the covered entity", ClockStart.Detected, new() { Days = 60 }),
        new("cra-early-warning", Cra, Topics.CraSevere, "CRA early warning", ClockStart.Aware, new() { Hours = 24 }),
        new("cra-notification", Cra, Topics.CraSevere, "CRA incident notification", ClockStart.Aware, new() { Hours = 72 }),
        new("cra-final", Cra, Topics.CraSevere, "CRA final report", ClockStart.Submitted, new() { Months = 1 }, "cra-notification"),
    ];

    /// <summary>Every report that can be handed in, with its name; some have no deadline of their own.</summary>
    public static IReadOnlyList<(string Stage, string Profile, string Label)> Reports { get; } =
    [
        .. All.Where(rule => rule.Stage != "nis2-final-after-progress").Select(rule => (rule.Stage, rule.Profile, rule.Stage == "nis2-final" ? "NIS2 final report" : rule.Label)),
        ("nis2-intermediate", Nis2, "NIS2 intermediate report"),
        (Nis2Progress, Nis2, "NIS2 progress report"),
        ("gdpr-data-subjects", Gdpr, "GDPR notice to data subjects"),
        ("gdpr-controller", Gdpr, "GDPR notice of a processor to the controller"),
    ];
}
