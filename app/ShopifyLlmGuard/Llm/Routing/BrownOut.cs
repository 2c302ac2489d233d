namespace ShopifyLlmGuard.Llm.Routing;

/// <summary>Under pressure answers get shorter before calls are refused. Pure.</summary>
internal static class BrownOut
{
    /// <summary>Up to this load nothing is shortened.</summary>
    public const double Easy = 0.6;

    private const double LeastShare = 0.6;

    // Shorter than this, an answer would be cut more often than not, and a cut answer is none.
    private const int LeastTokens = 64;

    /// <summary>The longest answer at a load.</summary>
    /// <param name="asked">What was asked for; null leaves it to the endpoint, also under pressure.</param>
    /// <param name="load">Running calls by places, 0 to 1.</param>
    public static int? MaxTokens(int? asked, double load) => asked is not { } most ? null
        : Math.Min(most, Math.Max(LeastTokens, (int)Math.Ceiling(most * Share(load))));

    /// <summary>How many retrieved products a prompt holds at a load; at least one.</summary>
    public static int Products(int most, double load) => Math.Max(1, (int)Math.Ceiling(most * Share(load)));

    private static double Share(double load) =>
        1 - ((1 - LeastShare) * Math.Clamp((load - Easy) / (1 - Easy), 0, 1));
}
