using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.DemoModel.Text;
using ShopifyLlmGuard.Recommendations;

namespace ShopifyLlmGuard.DemoModel.Checks;

/// <summary>Prints what a model can do as a table and its answers as they came out.</summary>
internal static class Report
{
    public static void Write(Quality quality, Retrieval shop, IReadOnlyList<(string Question, string[] Fits)> questions)
    {
        var judged = questions.Select(asked => quality.Judge(asked.Question, asked.Fits, shop.Search(asked.Question))).ToList();
        foreach (var answer in judged)
        {
            Console.WriteLine($"{(answer.Good ? "good" : "BAD ")} | {answer.Question} | {answer.Answer}");
        }

        var refusals = HeldOut.Refusals.Select(asked => (asked, quality.Ask(asked.Question, shop.Search(asked.Question)).Answer)).ToList();
        foreach (var (asked, answer) in refusals)
        {
            Console.WriteLine($"     | {asked.Question} | {answer}");
        }

        var reasons = shop.Products.Select(viewed => (Viewed: viewed, Candidates: shop.Search(viewed.Prompt.Title)
                .Where(product => product != viewed).ToList())).Where(pair => pair.Candidates.Count > 0)
            .Select(pair => quality.AskReasons(pair.Viewed, pair.Candidates)).ToList();
        Console.WriteLine("\n" + string.Join("\n\n", reasons.Take(4).Select(pair => pair.Answer)));
        var choosing = questions.Select(asked => quality.Choosing(asked.Question, asked.Fits)).ToList();
        Console.WriteLine();
        Row("whole sentence, ended by itself", judged.Count(answer => answer.Whole), judged.Count);
        Row("only valid markers", judged.Count(answer => answer.ValidMarker), judged.Count);
        Row("says only what the line or the question says", judged.Count(answer => answer.Faithful), judged.Count);
        Row("a fitting product was listed", judged.Count(answer => answer.Listed), judged.Count);
        Row("names a fitting product", judged.Count(answer => answer.Fits), judged.Count);
        Row("all of it", judged.Count(answer => answer.Good), judged.Count);
        Row("all of it, first ten", judged.Take(10).Count(answer => answer.Good), 10);
        Row("small talk and medical questions: the fixed answer, no product", refusals.Count(pair => pair.Answer.Contains(
            pair.asked.Says, StringComparison.Ordinal) && !pair.Answer.Contains('[', StringComparison.Ordinal)), refusals.Count);
        Row("recommendations: one whole line per candidate", reasons.Count(pair => pair.Whole), reasons.Count);
        Row("chooses when the order does not help (chance: a quarter)", choosing.Sum(pair => pair.Right),
            choosing.Sum(pair => pair.Asked));
    }

    /// <summary>Prompts for the comparison with the trainer: twelve questions and four recommendations.</summary>
    public static IEnumerable<(string System, string User)> Prompts(Retrieval shop, IReadOnlyList<(string Question, string[] Fits)> questions)
    {
        var chats = questions.Take(12).Select(asked => (ChatPrompt.System("Carewell",
            [.. shop.Search(asked.Question).Select(product => product.Prompt)]), asked.Question));
        var reasons = shop.Products.Take(4).Select((viewed, i) => (RecommendationPrompt.System("Carewell",
            [.. shop.Products.Skip(5 + (i * 3)).Take(3).Select(product => product.Prompt)]), RecommendationPrompt.User(viewed.Prompt)));
        return chats.Concat(reasons);
    }

    public static void Row(string what, int count, int all) => Console.WriteLine($"| {what} | {count} of {all} |");
}
