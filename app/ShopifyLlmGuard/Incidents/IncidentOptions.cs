using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Incidents.Clocks;
using ShopifyLlmGuard.Incidents.Judgement;

namespace ShopifyLlmGuard.Incidents;

/// <summary>Section <c>Incidents</c>: what belongs together, and which laws' clocks run.</summary>
public sealed class IncidentOptions
{
    /// <summary>The IANA time zone in which days and months are counted and moments are shown beside UTC.</summary>
    [Required]
    public string Zone { get; set; } = "UTC";

    /// <summary>Whose clocks run, of <see cref="ClockRules.Profiles"/>; null: NIS2 and GDPR.</summary>
    public List<string>? Profiles { get; set; }

    /// <summary>The operator's data protection officer or other contact point, for drafts of its own; merchants name theirs in the assessment.</summary>
    public string? DataProtectionContact { get; set; }

    /// <summary>Other lengths than the law's first ones, by stage.</summary>
    public Dictionary<string, ClockLimit> Clocks { get; set; } = [];

    /// <summary>From this share of its length before its end a clock is due soon.</summary>
    [Range(0, 1)]
    public double DueSoonShare { get; set; } = 0.25;

    /// <summary>Trouble of the same cause that begins within this time is one incident although no endpoint names it.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan JoinWithin { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Trouble at the same endpoint or in the same region within this time after the end is the same incident again.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan ReopenWithin { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How long the counts of answers are kept; those of an incident stay with it.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")]
    public TimeSpan KeepAnswers { get; set; } = TimeSpan.FromDays(180);

    [ValidateObjectMembers]
    public SignificanceOptions Significance { get; set; } = new();

    internal TimeZoneInfo TimeZone => TimeZoneInfo.FindSystemTimeZoneById(Zone);

    internal IReadOnlyList<string> EnabledProfiles => Profiles ?? [ClockRules.Nis2, ClockRules.Gdpr];

    internal IEnumerable<ClockRule> Rules => ClockRules.All.Where(rule => EnabledProfiles.Contains(rule.Profile))
        .Select(rule => Clocks.TryGetValue(rule.Stage, out var limit) ? rule with { Limit = limit } : rule);

    /// <summary>What has to be decided under the enabled laws.</summary>
    public IReadOnlyList<string> Decisions => [.. Topics.All.Where(topic => Rules.Any(rule => rule.Topic == topic))];

    /// <summary>The reports of the enabled laws that a person can record as handed in.</summary>
    public IEnumerable<(string Stage, string Profile, string Label)> Reports =>
        ClockRules.Reports.Where(report => EnabledProfiles.Contains(report.Profile));
}

/// <summary>Numbers that make an incident significant. The law's first ones stand here; they differ by kind of entity and by country.</summary>
public sealed class SignificanceOptions
{
    /// <summary>One of <see cref="Judgement.Significance.Profiles"/>.</summary>
    public string Profile { get; set; } = Judgement.Significance.ManagedService;

    /// <summary>Fully unavailable for longer than this.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan FullyUnavailable { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>Limited for many users for longer than this.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan Limited { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Many users: more than this share, or more than <see cref="Users"/>; the smaller number counts.</summary>
    [Range(0, 1)]
    public double UsersShare { get; set; } = 0.05;

    [Range(1, long.MaxValue)]
    public long Users { get; set; } = 1_000_000;

    /// <summary>A loss above this, or above <see cref="TurnoverShare"/> of the turnover; the lower one counts.</summary>
    [Range(0, 1e12)]
    public double LossEuro { get; set; } = 500_000;

    [Range(0, 1)]
    public double TurnoverShare { get; set; } = 0.05;

    /// <summary>The turnover of the year before, in euros; null while nobody has said.</summary>
    public double? TurnoverEuro { get; set; }

    /// <summary>How many months back the same root cause makes a recurring incident.</summary>
    [Range(1, 120)]
    public int RecurrenceMonths { get; set; } = 6;
}

/// <summary>Finds every mistake in the section at once.</summary>
internal sealed class IncidentOptionRules : IValidateOptions<IncidentOptions>
{
    public ValidateOptionsResult Validate(string? name, IncidentOptions options)
    {
        List<string> mistakes =
        [
            .. TimeZoneInfo.TryFindSystemTimeZoneById(options.Zone, out _) ? Array.Empty<string>()
                : [$"Incidents:Zone '{options.Zone}' is no time zone of this machine; IANA names such as Europe/Berlin are."],
            .. options.EnabledProfiles.Except(ClockRules.Profiles)
                .Select(profile => $"Incidents:Profiles '{profile}' is none of {string.Join(", ", ClockRules.Profiles)}."),
            .. options.Clocks.Keys.Except(ClockRules.All.Select(rule => rule.Stage)).Select(stage => $"Incidents:Clocks '{stage}' is no stage."),
            .. options.Clocks.Where(clock => !clock.Value.IsOne).Select(clock => $"Incidents:Clocks '{clock.Key}' needs one of Hours, Days or Months."),
            .. Significance.Profiles.Contains(options.Significance.Profile) ? Array.Empty<string>()
                : [$"Incidents:Significance:Profile '{options.Significance.Profile}' is none of {string.Join(", ", Significance.Profiles)}."],
        ];
        return mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
    }
}
