using System.Globalization;

namespace ShopifyLlmGuard.Incidents;

/// <summary>What significance is proposed from.</summary>
/// <param name="Duration">How long a feature was not live, overlaps once.</param>
/// <param name="Assessment">What people found out.</param>
/// <param name="Earlier">Earlier incidents with the same root cause in the time that counts: their losses in euros, null where unknown.</param>
public sealed record SignificanceFacts(TimeSpan Duration, Assessment Assessment, IReadOnlyList<decimal?> Earlier);

/// <summary>One criterion.</summary>
/// <param name="Code">Kebab-case.</param>
/// <param name="Question">What the law asks.</param>
/// <param name="Met">Whether it is met.</param>
/// <param name="Because">The facts behind the answer, one sentence.</param>
public sealed record Finding(string Code, string Question, YesNo Met, string Because);

/// <summary>What the tool proposes. A person decides.</summary>
/// <param name="Verdict">Yes if any criterion is met, no if none can be, otherwise unknown.</param>
/// <param name="Findings">Every criterion.</param>
public sealed record Proposal(YesNo Verdict, IReadOnlyList<Finding> Findings);

/// <summary>
/// The criteria of Implementing Regulation (EU) 2024/2690, Articles 3, 4, 7, 10 and 11. It applies to few kinds of entity; for a
/// pharmacy or a hospital national law sets the threshold, so the numbers are options. Availability is judged by checkout, booking
/// and login, never by errors of a model. What nobody knows never becomes a no. Pure.
/// </summary>
public static class Significance
{
    public const string General = "general", Cloud = "cloud", ManagedService = "managed-service", Marketplace = "marketplace";

    public static IReadOnlyList<string> Profiles { get; } = [General, Cloud, ManagedService, Marketplace];

    public static Proposal Propose(SignificanceFacts facts, SignificanceOptions options)
    {
        if (facts.Assessment.Planned == YesNo.Yes)
        {
            return new Proposal(YesNo.No, [new("planned", "Was it planned maintenance or a drill?", YesNo.Yes, "Planned interruptions are excluded.")]);
        }

        List<Finding> findings = [Loss(facts, options), .. Harm(facts.Assessment), Recurrence(facts, options)];
        if (options.Profile != General)
        {
            findings.AddRange([Unavailable(facts, options), Limited(facts, options), Compromised(facts.Assessment, options)]);
        }

        return new Proposal(Any(findings.Select(finding => finding.Met)), findings);
    }

    /// <summary>Yes if one is, unknown if one may be, else no.</summary>
    private static YesNo Any(IEnumerable<YesNo> answers)
    {
        var all = answers.ToList();
        return all.Contains(YesNo.Yes) ? YesNo.Yes : all.Contains(YesNo.Unknown) ? YesNo.Unknown : YesNo.No;
    }

    private static YesNo All(params YesNo[] answers) =>
        answers.Contains(YesNo.No) ? YesNo.No : answers.Contains(YesNo.Unknown) ? YesNo.Unknown : YesNo.Yes;

    private static YesNo Is(bool met) => met ? YesNo.Yes : YesNo.No;

    private static Finding Loss(SignificanceFacts facts, SignificanceOptions options)
    {
        var (answer, because) = Loss(facts.Assessment.LossEuro, options);
        return new("loss", "Is the direct financial loss above the threshold?", answer, because);
    }

    private static (YesNo, string) Loss(decimal? loss, SignificanceOptions options)
    {
        if (loss is not { } known)
        {
            return (YesNo.Unknown, "The loss is not known.");
        }

        var limit = Math.Min(options.LossEuro, options.TurnoverEuro * options.TurnoverShare ?? double.MaxValue);
        var words = string.Create(CultureInfo.InvariantCulture, $"The loss is {known:0.##} EUR, the threshold {limit:0.##} EUR");
        return (double)known > limit ? (YesNo.Yes, $"{words}.")
            : known == 0 || options.TurnoverEuro is not null ? (YesNo.No, $"{words}.")
            : (YesNo.Unknown, $"{words}, or less where {options.TurnoverShare:P0} of the turnover, which is not configured, is less.");
    }

    private static IEnumerable<Finding> Harm(Assessment found) =>
    [
        Said("trade-secrets", "Were trade secrets exfiltrated?", found.TradeSecrets),
        Said("death", "Did a person die?", found.Death),
        Said("health", "Was a person's health considerably damaged?", found.HealthDamage),
        new("malicious-access", "Was there a malicious access that can cause severe disruption?", found.Malicious, Words(found.Malicious)),
    ];

    private static Finding Recurrence(SignificanceFacts facts, SignificanceOptions options)
    {
        const string question = "Do recurring incidents with the same root cause exceed the loss together?";
        if (facts.Earlier.Count == 0)
        {
            return new("recurrence", question, YesNo.No, $"No other incident in {options.RecurrenceMonths} months has the same root cause.");
        }

        IReadOnlyList<decimal?> losses = [.. facts.Earlier, facts.Assessment.LossEuro];
        var known = losses.Sum(loss => loss ?? 0);
        var (answer, because) = Loss(known, options);
        answer = answer == YesNo.No && losses.Contains(null) ? YesNo.Unknown : answer;
        return new("recurrence", question, answer, $"{losses.Count} incidents in {options.RecurrenceMonths} months. {because}{(losses.Contains(null) ? " Not every loss is known." : "")}");
    }

    private static Finding Unavailable(SignificanceFacts facts, SignificanceOptions options)
    {
        var limit = options.Profile == Marketplace ? TimeSpan.Zero : options.FullyUnavailable;
        var users = options.Profile == Marketplace ? ManyUsers(facts.Assessment, options) : YesNo.Yes;
        return new(
            "unavailable", $"Was the service fully unavailable for longer than {DurationWords.Of(limit)}?",
            All(facts.Assessment.CriticalPath, Is(facts.Duration > limit), users), Because(facts));
    }

    private static Finding Limited(SignificanceFacts facts, SignificanceOptions options)
    {
        var limit = options.Profile == Marketplace ? TimeSpan.Zero : options.Limited;
        return new(
            "limited", $"Was it limited for many users for longer than {DurationWords.Of(limit)}?",
            All(facts.Assessment.CriticalPath, Is(facts.Duration > limit), ManyUsers(facts.Assessment, options)),
            $"{Because(facts)} {UserWords(facts.Assessment)}");
    }

    private static Finding Compromised(Assessment found, SignificanceOptions options) => new(
        "data-compromised", "Was data compromised by a suspected malicious act, or for many users?",
        Any([All(found.PersonalData, found.Malicious), All(found.PersonalData, ManyUsers(found, options))]),
        $"Personal data: {Words(found.PersonalData)} {UserWords(found)}");

    private static YesNo ManyUsers(Assessment found, SignificanceOptions options) => (found.Users, found.UsersShare) switch
    {
        (null, null) => YesNo.Unknown,
        ({ } users, _) when users > options.Users => YesNo.Yes,
        (_, { } share) when share > options.UsersShare => YesNo.Yes,
        (_, null) => YesNo.Unknown,
        _ => YesNo.No,
    };

    private static Finding Said(string code, string question, YesNo answer) => new(code, question, answer, Words(answer));

    private static string Because(SignificanceFacts facts) =>
        $"AI features were not live for {DurationWords.Of(facts.Duration)}. Checkout, booking or login failed: {Words(facts.Assessment.CriticalPath)}";

    private static string UserWords(Assessment found) => string.Create(CultureInfo.InvariantCulture,
        $"Users: {(found.Users is { } users ? $"{users}" : "unknown number")}, {(found.UsersShare is { } share ? $"{share * 100:0.##} %" : "unknown share")}.");

    private static string Words(YesNo answer) => answer == YesNo.Unknown ? "not assessed." : $"assessed as {answer.ToString().ToLowerInvariant()}.";
}
