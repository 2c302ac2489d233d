using ShopifyLlmGuard.Incidents.Judgement;

namespace ShopifyLlmGuard.Incidents.Clocks;

/// <summary>What a person decides about an incident, for each law on its own: an incident may be significant for one and nothing for another.</summary>
public static class Topics
{
    /// <summary>Whether it is a significant incident: NIS2.</summary>
    public const string Significant = "significant";

    /// <summary>Whether it is a breach of personal data that must be notified: GDPR.</summary>
    public const string Breach = "breach";

    /// <summary>Whether it is a breach of unsecured protected health information: HIPAA, which presumes one.</summary>
    public const string HipaaBreach = "hipaa-breach";

    /// <summary>Whether it is a severe incident of a product: the Cyber Resilience Act.</summary>
    public const string CraSevere = "cra-severe";

    public static IReadOnlyList<string> All { get; } = [Significant, Breach, HipaaBreach, CraSevere];

    /// <summary>What the decision is about, one phrase.</summary>
    public static string Label(string? topic) => topic switch
    {
        Breach => "a breach of personal data that must be notified (GDPR)",
        HipaaBreach => "a breach of protected health information (HIPAA)",
        CraSevere => "a severe incident of a product (CRA)",
        _ => "a significant incident (NIS2)",
    };

    /// <summary>The fact without which there is nothing to decide, as assessed.</summary>
    internal static YesNo Fact(string topic, Assessment found) => topic switch
    {
        Breach => found.PersonalData,
        HipaaBreach => found.ProtectedHealthInformation,
        _ => YesNo.Unknown,
    };
}
