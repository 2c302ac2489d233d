namespace ShopifyLlmGuard.DemoModel.Text;

/// <summary>The questions of the check, with the products that fit. Training never reads one of them.</summary>
internal static class HeldOut
{
    public static IReadOnlyList<(string Question, string[] Fits)> Questions { get; } = [.. World.Lines("questions.txt")
        .Select(line => line.Split(" | ")).Select(parts => (parts[0], parts[1].Split(", ")))];

    private static readonly HashSet<string> Plain = [.. Questions.Select(asked => Simplify(asked.Question))];

    public static bool Contains(string question) => Plain.Contains(Simplify(question));

    private static string Simplify(string question) =>
        string.Concat(question.Where(letter => char.IsLetterOrDigit(letter) || letter == ' ')).ToLowerInvariant();
}
