using System.Globalization;
using ShopifyLlmGuard.Incidents.Judgement;

namespace ShopifyLlmGuard.Admin.Pages;

/// <summary>An incident to open, as posted.</summary>
internal sealed class OpenForm
{
    public string? Title { get; set; }
    public string? Feature { get; set; }
    public string? At { get; set; }
    public string? Zone { get; set; }
}

/// <summary>Since when somebody is aware, a report that was handed in, a decision, or a file to close, as posted.</summary>
internal sealed class StepForm
{
    public string? Topic { get; set; }
    public string? Is { get; set; }
    public string? Stage { get; set; }
    public string? Reference { get; set; }
    public string? Reason { get; set; }
    public string? At { get; set; }
    public string? Zone { get; set; }
}

/// <summary>What people found out, as posted: a select holds yes, no or unknown, and a number may be missing.</summary>
internal sealed class AssessForm
{
    public string? CriticalPath { get; set; }
    public string? FullyUnavailable { get; set; }
    public string? CriticalMinutes { get; set; }
    public string? SevereDisruption { get; set; }
    public string? UnauthorisedAccess { get; set; }
    public string? Malicious { get; set; }
    public string? CrossBorder { get; set; }
    public string? DataCompromised { get; set; }
    public string? PersonalData { get; set; }
    public string? ProtectedHealthInformation { get; set; }
    public string? HealthDamage { get; set; }
    public string? Death { get; set; }
    public string? TradeSecrets { get; set; }
    public string? Planned { get; set; }
    public string? Loss { get; set; }
    public string? Users { get; set; }
    public string? UsersPercent { get; set; }
    public string? Persons { get; set; }
    public string? Records { get; set; }
    public string? Individuals { get; set; }
    public string? Categories { get; set; }
    public string? Contact { get; set; }
    public string? RootCause { get; set; }
    public string? Impact { get; set; }
    public string? Measures { get; set; }

    /// <summary>The assessment; null when a number is none.</summary>
    public Assessment? ToAssessment()
    {
        var (loss, percent) = (Number(Loss), Number(UsersPercent));
        var counts = new[] { Users, Persons, Records, Individuals, CriticalMinutes }.Select(Number).ToList();
        return !loss.IsGood || !percent.IsGood || counts.Any(count => !count.IsGood || count.Value > 1_000_000_000_000)
            ? null
            : new Assessment
            {
                CriticalPath = Read(CriticalPath), FullyUnavailable = Read(FullyUnavailable), SevereDisruption = Read(SevereDisruption),
                UnauthorisedAccess = Read(UnauthorisedAccess), Malicious = Read(Malicious), CrossBorder = Read(CrossBorder),
                DataCompromised = Read(DataCompromised), PersonalData = Read(PersonalData), ProtectedHealthInformation = Read(ProtectedHealthInformation),
                HealthDamage = Read(HealthDamage), Death = Read(Death), TradeSecrets = Read(TradeSecrets), Planned = Read(Planned),
                LossEuro = loss.Value, UsersShare = (double?)percent.Value / 100, Users = (long?)counts[0].Value, Persons = (long?)counts[1].Value,
                Records = (long?)counts[2].Value, Individuals = (long?)counts[3].Value, CriticalMinutes = (long?)counts[4].Value,
                RootCause = Clean(RootCause), Impact = Clean(Impact), Measures = Clean(Measures), Categories = Clean(Categories), Contact = Clean(Contact),
            };
    }

    private static YesNo Read(string? text) => Enum.TryParse<YesNo>(text, out var read) && Enum.IsDefined(read) ? read : YesNo.Unknown;

    private static (bool IsGood, decimal? Value) Number(string? text) => string.IsNullOrWhiteSpace(text) ? (true, null)
        : decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var number) ? (true, number) : (false, null);

    // Browsers send line ends as CR LF.
    private static string? Clean(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.ReplaceLineEndings("\n").Trim();
}
