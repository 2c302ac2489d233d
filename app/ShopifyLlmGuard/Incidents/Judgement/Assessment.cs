using System.Text.Json.Serialization;

namespace ShopifyLlmGuard.Incidents.Judgement;

/// <summary>An authority's form takes these three; "unknown" is an honest answer in the first hours.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<YesNo>))]
public enum YesNo
{
    [JsonStringEnumMemberName("unknown")]
    Unknown,

    [JsonStringEnumMemberName("yes")]
    Yes,

    [JsonStringEnumMemberName("no")]
    No,
}

/// <summary>What people found out about an incident; the guard cannot measure any of it. Never a shopper's words.</summary>
public sealed record Assessment
{
    /// <summary>Whether checkout, login, booking or the shop's own pages failed, at least partly. An outage of AI is none of it.</summary>
    public YesNo CriticalPath { get; init; }

    /// <summary>Whether all of that could not be used at all.</summary>
    public YesNo FullyUnavailable { get; init; }

    /// <summary>For how many minutes; null while unknown. It is not how long AI was away.</summary>
    public long? CriticalMinutes { get; init; }

    /// <summary>Whether it caused, or can cause, a severe disruption of what the house does.</summary>
    public YesNo SevereDisruption { get; init; }

    /// <summary>Whether somebody got access who had no right to it. A suspicion of an attack is not yet an access.</summary>
    public YesNo UnauthorisedAccess { get; init; }

    /// <summary>Whether an unlawful or malicious act is suspected.</summary>
    public YesNo Malicious { get; init; }

    /// <summary>Whether other Member States may be affected.</summary>
    public YesNo CrossBorder { get; init; }

    /// <summary>Whether data of the service lost its integrity, confidentiality or authenticity, whoever's it is.</summary>
    public YesNo DataCompromised { get; init; }

    /// <summary>Whether personal data was lost, disclosed, altered or made unavailable: GDPR Article 4(12).</summary>
    public YesNo PersonalData { get; init; }

    /// <summary>Whether unsecured protected health information was acquired, accessed, used or disclosed: 45 CFR 164.402.</summary>
    public YesNo ProtectedHealthInformation { get; init; }

    public YesNo HealthDamage { get; init; }
    public YesNo Death { get; init; }
    public YesNo TradeSecrets { get; init; }

    /// <summary>Whether it was planned maintenance or a drill.</summary>
    public YesNo Planned { get; init; }

    /// <summary>Direct financial loss in euros that it caused or can cause; null while unknown.</summary>
    public decimal? LossEuro { get; init; }

    /// <summary>How many users were affected; null while unknown. The guard counts answers, not people.</summary>
    public long? Users { get; init; }

    /// <summary>Their share of all users, 0 to 1; null while unknown.</summary>
    public double? UsersShare { get; init; }

    /// <summary>Persons and records of a breach of personal data, about.</summary>
    public long? Persons { get; init; }

    public long? Records { get; init; }

    /// <summary>Categories of these persons and records: GDPR Article 33(3)(a).</summary>
    public string? Categories { get; init; }

    /// <summary>Individuals whose protected health information is concerned: they decide when HHS and the media must know.</summary>
    public long? Individuals { get; init; }

    /// <summary>Name and contact details of the data protection officer or another contact point: GDPR Article 33(3)(b).</summary>
    public string? Contact { get; init; }

    /// <summary>The likely root cause; the same words find a recurrence.</summary>
    public string? RootCause { get; init; }

    /// <summary>Severity and impact.</summary>
    public string? Impact { get; init; }

    /// <summary>What was done and is being done about it.</summary>
    public string? Measures { get; init; }

    internal string? Mistake() =>
        LossEuro < 0 || new[] { Users, Persons, Records, Individuals, CriticalMinutes }.Any(number => number < 0) ? "A number is below zero."
        : UsersShare is < 0 or > 1 || double.IsNaN(UsersShare ?? 0) ? "The share of users must be between 0 and 100 %."
        : CriticalPath == YesNo.No && (FullyUnavailable == YesNo.Yes || CriticalMinutes > 0) ? "What did not fail was not unavailable for any time."
        : new[] { RootCause, Impact, Measures, Categories, Contact }.Any(text => text?.Length > IncidentDesk.LongestText) ? $"A text has more than {IncidentDesk.LongestText} characters."
        : null;
}
