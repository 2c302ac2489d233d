namespace ShopifyLlmGuard.Incidents.Judgement;

/// <summary>Where the criteria of significance stand.</summary>
internal static class Law
{
    public const string Directive = "Directive (EU) 2022/2555 (NIS2) Article 23(3)";

    public static string Regulation(string article) => $"Implementing Regulation (EU) 2024/2690 Article {article}";

    /// <summary>The article with the thresholds of a kind of entity.</summary>
    public static string Of(string profile) => Regulation(profile switch
    {
        Significance.Cloud => "7",
        Significance.Marketplace => "11",
        _ => "10",
    });
}
