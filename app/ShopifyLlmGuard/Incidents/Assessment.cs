using System.Text.Json.Serialization;

namespace ShopifyLlmGuard.Incidents;

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
    /// <summary>Whether checkout, booking or login failed, too. An outage of AI alone is normally not significant.</summary>
    public YesNo CriticalPath { get; init; }

    /// <summary>Whether an unlawful or malicious act is suspected.</summary>
    public YesNo Malicious { get; init; }

    /// <summary>Whether other Member States may be affected.</summary>
    public YesNo CrossBorder { get; init; }

    /// <summary>Whether personal data was lost, disclosed, altered or made unavailable.</summary>
    public YesNo PersonalData { get; init; }

    public YesNo HealthDamage { get; init; }
    public YesNo Death { get; init; }
    public YesNo TradeSecrets { get; init; }

    /// <summary>Whether it was planned maintenance or a drill.</summary>
    public YesNo Planned { get; init; }

    /// <summary>Direct financial loss in euros; null while unknown.</summary>
    public decimal? LossEuro { get; init; }

    /// <summary>How many users were affected; null while unknown. The guard counts answers, not people.</summary>
    public long? Users { get; init; }

    /// <summary>Their share of all users, 0 to 1; null while unknown.</summary>
    public double? UsersShare { get; init; }

    /// <summary>Persons and records of a breach of personal data, about.</summary>
    public long? Persons { get; init; }

    public long? Records { get; init; }

    /// <summary>The likely root cause; the same words find a recurrence.</summary>
    public string? RootCause { get; init; }

    /// <summary>Severity and impact.</summary>
    public string? Impact { get; init; }

    /// <summary>What was done and is being done about it.</summary>
    public string? Measures { get; init; }

    internal string? Mistake() =>
        LossEuro < 0 || Users < 0 || Persons < 0 || Records < 0 ? "A number is below zero."
        : UsersShare is < 0 or > 1 || double.IsNaN(UsersShare ?? 0) ? "The share of users must be between 0 and 100 %."
        : new[] { RootCause, Impact, Measures }.Any(text => text?.Length > IncidentDesk.LongestText) ? $"A text has more than {IncidentDesk.LongestText} characters."
        : null;
}
