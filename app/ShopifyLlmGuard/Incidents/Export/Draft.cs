using System.Globalization;
using ShopifyLlmGuard.Incidents.Clocks;
using ShopifyLlmGuard.Incidents.Judgement;

namespace ShopifyLlmGuard.Incidents.Export;

/// <summary>A field of a form and what stands in it; "unknown" where nobody knows yet.</summary>
public sealed record DraftField(string Name, string Value);

/// <summary>A report as the tool can fill it in. A person reads it, completes it and hands it in.</summary>
/// <param name="Stage">Kebab-case.</param>
/// <param name="Title">The report's name.</param>
/// <param name="Fields">In the law's order.</param>
public sealed record Draft(string Stage, string Title, IReadOnlyList<DraftField> Fields)
{
    private const string Unknown = "unknown";

    /// <summary>The three stages of NIS2 Article 23(4), and the breach register's entry of GDPR Article 33(3) and (5). Pure.</summary>
    /// <param name="file">What is known.</param>
    /// <param name="options">The operator's own contact point.</param>
    public static IReadOnlyList<Draft> Of(IncidentFile file, IncidentOptions options) =>
    [
        new("early-warning", "Early warning (NIS2 Article 23(4)(a))", EarlyWarning(file)),
        new("notification", "Incident notification (NIS2 Article 23(4)(b))",
            [.. EarlyWarning(file), new("Initial assessment: severity", Severity(file)), new("Initial assessment: impact", Impact(file)),
             new("Indicators of compromise", file.Assessment.Malicious == YesNo.No ? "none" : Unknown)]),
        new("final-report", "Final report (NIS2 Article 23(4)(d))",
            [new("Description", file.Incident.Title), new("Severity", Severity(file)), new("Impact", Impact(file)),
             new("Type of threat or root cause", Said(file.Assessment.RootCause)), new("Applied and ongoing mitigation", Said(file.Assessment.Measures)),
             new("Cross-border impact", Word(file.Assessment.CrossBorder))]),
        new("breach-register", "Breach of personal data (GDPR Article 33(3) and (5))",
            [new("Breach of personal data", Word(file.Assessment.PersonalData)), new("Nature of the breach", Said(file.Assessment.Impact)),
             new("Categories of persons and records", Said(file.Assessment.Categories)),
             new("Approximate number of persons", Number(file.Assessment.Persons)), new("Approximate number of records", Number(file.Assessment.Records)),
             new("Data protection officer or other contact point", Said(Contact(file, options))),
             new("Likely consequences", Said(file.Assessment.Impact)), new("Measures", Said(file.Assessment.Measures)),
             new("To be notified", file.Decision(Topics.Breach) is { } decided ? Word(decided.Decision == true ? YesNo.Yes : YesNo.No) : Unknown)]),
    ];

    // Each controller has its own.
    private static string? Contact(IncidentFile file, IncidentOptions options) =>
        file.Assessment.Contact ?? (file.Shop is null ? options.DataProtectionContact : null);

    private static DraftField[] EarlyWarning(IncidentFile file) =>
    [
        new("Suspected unlawful or malicious act", Word(file.Assessment.Malicious)),
        new("Possible cross-border impact", Word(file.Assessment.CrossBorder)),
    ];

    private static string Severity(IncidentFile file) => file.Decision(Topics.Significant) is { } decided
        ? decided.Decision == true ? "significant, as decided by a person" : "not significant, as decided by a person" : Unknown;

    private static string Impact(IncidentFile file) => string.Create(CultureInfo.InvariantCulture,
        $"AI features ({(file.Features.Count == 0 ? "none named" : string.Join(", ", file.Features))}) were not live, without being held so by a person, for {DurationWords.Of(file.Duration)} in {file.Shops} {(file.Shops == 1 ? "shop" : "shops")}. Checkout, login, booking or pages failed: {Word(file.Assessment.CriticalPath)}. {file.Assessment.Impact}").Trim();

    private static string Word(YesNo answer) => answer.ToString().ToLowerInvariant();

    private static string Said(string? text) => string.IsNullOrWhiteSpace(text) ? Unknown : text.Trim();

    private static string Number(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? Unknown;
}
