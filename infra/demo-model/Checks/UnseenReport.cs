namespace ShopifyLlmGuard.DemoModel.Checks;

/// <summary>The answers to the unseen questions, and a table of what is right about them.</summary>
internal static class UnseenReport
{
    public static void Write(Quality quality, Retrieval shop, IReadOnlyList<UnseenQuestion> questions)
    {
        var all = questions.Select(asked => (asked.Kind, Answer: quality.Judge(asked.Question, asked.Fits, shop.Search(asked.Question)))).ToList();
        foreach (var (kind, answer) in all)
        {
            Console.WriteLine($"{(answer.Good ? "good" : "BAD ")} | {kind} | {answer.Question} | {answer.Answer}");
        }

        string[] kinds = [.. all.Select(pair => pair.Kind).Distinct()];
        Console.WriteLine($"\n| | all | {string.Join(" | ", kinds)} |\n|---|---|{string.Concat(kinds.Select(_ => "---|"))}");
        void Row(string what, Func<Judged, bool> holds) => Console.WriteLine($"| {what} | {Count(all, holds)} | "
            + string.Join(" | ", kinds.Select(kind => Count([.. all.Where(pair => pair.Kind == kind)], holds))) + " |");
        Row("a fitting product was listed (the search's part)", answer => answer.Listed);
        Row("on topic: names a product that fits", answer => answer.Fits);
        Row("names a product of the prompt by its marker", answer => answer.ValidMarker);
        Row("no invented product, and nothing that its line does not say", answer => answer.Honest);
        Row("whole sentence, ended by itself, no feature twice", answer => answer.Whole);
        Row("all of it", answer => answer.Good);
    }

    private static string Count(List<(string Kind, Judged Answer)> answers, Func<Judged, bool> holds) =>
        $"{answers.Count(pair => holds(pair.Answer))} of {answers.Count}";
}
