using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Admin.Words;

/// <summary>What the banner on top of the overview says when anything is not live.</summary>
/// <param name="Tone">warning when something is wrong, info when people wanted it so.</param>
/// <param name="Heading">Which features it is about.</param>
/// <param name="Lines">Why, one line for each cause.</param>
internal sealed record AttentionWords(string Tone, string Heading, IReadOnlyList<AttentionWords.Line> Lines)
{
    internal sealed record Line(string Why, DateTimeOffset? Since, string Todo);

    /// <summary>The words, or null when everything is live and the database answers.</summary>
    public static AttentionWords? Of(IReadOnlyList<ServingState> states, bool databaseAnswers)
    {
        var quiet = states.Where(state => state.Mode != Mode.Live).ToList();
        if (quiet.Count == 0)
        {
            return databaseAnswers ? null : new AttentionWords("warning", "Settings cannot be changed at the moment", [Database]);
        }

        var lines = quiet.GroupBy(state => state.Reason).Select(group => About([.. group], quiet.Count == group.Count()));
        return new AttentionWords(
            quiet.Any(state => ReasonWords.IsTrouble(state.Reason)) || !databaseAnswers ? "warning" : "info",
            $"Not live: {Join(quiet.Select(state => state.Feature))}",
            [.. lines, .. databaseAnswers ? Array.Empty<Line>() : [Database]]);
    }

    private static Line Database => new(
        "The guard's database is not answering. Shoppers are served by the last known settings.", null,
        "Changes can be saved again when it is back.");

    private static Line About(IReadOnlyList<ServingState> group, bool isOnlyCause)
    {
        var reason = group[0].Reason ?? "";
        var about = isOnlyCause ? "" : $"{Join(group.Select(state => state.Feature))}: ";
        return new Line($"{about}{ReasonWords.Why(reason)}", group[0].Since, ReasonWords.Todo(reason));
    }

    private static string Join(IEnumerable<Feature> features) => string.Join(" and ", features.Select(feature => feature.Label));
}
