namespace ShopifyLlmGuard.Incidents.Judgement;

/// <summary>How answers go together.</summary>
internal static class Judged
{
    /// <summary>Yes if one is, unknown if one may be, else no.</summary>
    public static YesNo Any(IEnumerable<YesNo> answers)
    {
        var all = answers.ToList();
        return all.Contains(YesNo.Yes) ? YesNo.Yes : all.Contains(YesNo.Unknown) ? YesNo.Unknown : YesNo.No;
    }

    /// <summary>No if one is, unknown if one may be, else yes.</summary>
    public static YesNo All(params IReadOnlyList<YesNo> answers) =>
        answers.Contains(YesNo.No) ? YesNo.No : answers.Contains(YesNo.Unknown) ? YesNo.Unknown : YesNo.Yes;

    public static YesNo Is(bool? met) => met is null ? YesNo.Unknown : met.Value ? YesNo.Yes : YesNo.No;

    public static string Words(YesNo answer) => answer == YesNo.Unknown ? "not assessed" : $"assessed as {answer.ToString().ToLowerInvariant()}";
}
