namespace ShopifyLlmGuard.DemoModel.Text;

/// <summary>Answers to the recommendation prompt: a line of reason per candidate.</summary>
internal static class Reasons
{
    public static string For(Item viewed, IReadOnlyList<Item> candidates) =>
        string.Join('\n', candidates.Select((candidate, index) => $"[{index + 1}] {Reason(viewed, candidate)}"));

    private static string Reason(Item viewed, Item candidate)
    {
        var features = Words.And([.. candidate.Features.Take(2)]);
        return viewed.Type.Nouns.Any(candidate.Type.Nouns.Contains)
            ? $"An alternative with {features}."
            : $"Goes well with it: {candidate.Head} with {features}.";
    }
}
