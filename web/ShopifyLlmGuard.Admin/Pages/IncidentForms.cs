using System.Globalization;
using ShopifyLlmGuard.Incidents;

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
    public string? Malicious { get; set; }
    public string? CrossBorder { get; set; }
    public string? PersonalData { get; set; }
    public string? HealthDamage { get; set; }
    public string? Death { get; set; }
    public string? TradeSecrets { get; set; }
    public string? Planned { get; set; }
    public string? Loss { get; set; }
    public string? Users { get; set; }
    public string? UsersPercent { get; set; }
    public string? Persons { get; set; }
    public string? Records { get; set; }
    public string? RootCause { get; set; }
    public string? Impact { get; set; }
    public string? Measures { get; set; }

    /// <summary>The assessment; null when a number is none.</summary>
    public Assessment? ToAssessment()
    {
        var (loss, users, percent, persons, records) = (Number(Loss), Number(Users), Number(UsersPercent), Number(Persons), Number(Records));
        return new[] { loss, users, percent, persons, records }.Any(number => !number.IsGood) || new[] { users, persons, records }.Any(number => number.Value > 1_000_000_000_000)
            ? null
            : new Assessment
            {
                CriticalPath = Read(CriticalPath), Malicious = Read(Malicious), CrossBorder = Read(CrossBorder), PersonalData = Read(PersonalData),
                HealthDamage = Read(HealthDamage), Death = Read(Death), TradeSecrets = Read(TradeSecrets), Planned = Read(Planned),
                LossEuro = loss.Value, Users = (long?)users.Value, UsersShare = (double?)percent.Value / 100, Persons = (long?)persons.Value,
                Records = (long?)records.Value, RootCause = Clean(RootCause), Impact = Clean(Impact), Measures = Clean(Measures),
            };
    }

    private static YesNo Read(string? text) => Enum.TryParse<YesNo>(text, out var read) && Enum.IsDefined(read) ? read : YesNo.Unknown;

    private static (bool IsGood, decimal? Value) Number(string? text) => string.IsNullOrWhiteSpace(text) ? (true, null)
        : decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var number) ? (true, number) : (false, null);

    // Browsers send line ends as CR LF.
    private static string? Clean(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.ReplaceLineEndings("\n").Trim();
}
