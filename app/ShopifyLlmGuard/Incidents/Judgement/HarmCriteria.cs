namespace ShopifyLlmGuard.Incidents.Judgement;

/// <summary>The criteria that only a person can answer: Article 3(1)(b) to (e), and the directive's own first one. Pure.</summary>
internal static class HarmCriteria
{
    public static IEnumerable<Finding> All(Assessment found) =>
    [
        Said("trade-secrets", Law.Regulation("3(1)(b)"), "Were trade secrets exfiltrated, or can they be?", found.TradeSecrets),
        Said("death", Law.Regulation("3(1)(c)"), "Did a person die of it, or can one?", found.Death),
        Said("health", Law.Regulation("3(1)(d)"), "Was a person's health considerably damaged, or can it be?", found.HealthDamage),
        MaliciousAccess(found),
    ];

    /// <summary>For entities without thresholds of their own: national law says what is severe.</summary>
    public static Finding Disruption(Assessment found) => Said(
        "severe-disruption", $"{Law.Directive}(a)", "Has it caused, or can it cause, severe disruption of operations?", found.SevereDisruption);

    // A suspicion alone is none of the three things that it takes together.
    private static Finding MaliciousAccess(Assessment found) => new(
        "malicious-access", Law.Regulation("3(1)(e)"),
        "Was there a successful, suspectedly malicious and unauthorised access that can cause severe disruption of operations?",
        Judged.All(found.UnauthorisedAccess, found.Malicious, found.SevereDisruption),
        $"Unauthorised access: {Judged.Words(found.UnauthorisedAccess)}. Suspected malice: {Judged.Words(found.Malicious)}. Severe disruption: {Judged.Words(found.SevereDisruption)}.");

    private static Finding Said(string code, string source, string question, YesNo answer) => new(
        code, source, question, answer,
        answer == YesNo.Unknown ? "A person has to say; the guard cannot know." : $"A person said {answer.ToString().ToLowerInvariant()}.");
}
