using ShopifyLlmGuard.DemoModel.Text;

namespace ShopifyLlmGuard.DemoModel.Checks;

/// <param name="Kind">What is asked about: <c>kind</c>, <c>feature</c>, <c>title</c> or <c>use</c>.</param>
/// <param name="Question">As a shopper types it.</param>
/// <param name="Wording">The longest part of it that is the same for every product.</param>
/// <param name="Fits">The handles of the products that fit.</param>
internal sealed record UnseenQuestion(string Kind, string Question, string Wording, string[] Fits);

/// <summary>
/// Two hundred questions in wordings that training never read, ten about each product that training never read.
/// The same seed makes the same questions; <see cref="Replay"/> looks for them in all that was read.
/// </summary>
internal sealed class Unseen(IReadOnlyList<Item> items, IReadOnlyList<Found> shop)
{
    private const int Seed = 20261124;
    private static readonly (string Kind, int Count)[] PerProduct = [("kind", 4), ("feature", 3), ("title", 2), ("use", 1)];

    private static readonly Dictionary<string, string[]> Wordings = World.Lines("unseen.txt").Select(line => line.Split(" | "))
        .ToDictionary(parts => parts[0], parts => parts[1..]);

    private readonly Random random = new(Seed);

    public IReadOnlyList<UnseenQuestion> Questions() => [.. items.Where((_, index) => index % 2 == 1).SelectMany(About)];

    private IEnumerable<UnseenQuestion> About(Item item)
    {
        var asked = new HashSet<string>();
        foreach (var (kind, count) in PerProduct)
        {
            // A product whose line names no use is asked for by its kind once more.
            for (var left = count; left > 0;)
            {
                var question = Ask(Use(item) is null && kind == "use" ? "kind" : kind, item);
                if (asked.Add(question.Question))
                {
                    left--;
                    yield return question;
                }
            }
        }
    }

    private UnseenQuestion Ask(string kind, Item item)
    {
        var wording = random.Pick(Wordings[kind]);
        var noun = random.Pick([item.Type.Name, .. item.Type.Nouns]);
        var want = kind == "feature" ? random.Pick(item.Features) : Use(item) ?? "";
        var question = wording.Replace("{a}", Words.WithArticle(noun), StringComparison.Ordinal)
            .Replace("{one}", noun, StringComparison.Ordinal).Replace("{want}", want, StringComparison.Ordinal)
            .Replace("{title}", item.Prompt.Title, StringComparison.Ordinal);
        return new UnseenQuestion(kind, question, Fixed(wording), [.. items.Select((other, index) => (other, index))
            .Where(pair => kind == "title" ? pair.other == item : pair.other.IsCalled(noun)
                && (kind == "kind" || pair.other.Prompt.Summary.Contains(want, StringComparison.Ordinal)))
            .Select(pair => shop[pair.index].Handle)]);
    }

    private static string? Use(Item item) =>
        item.Head.IndexOf(" for ", StringComparison.Ordinal) is var at and >= 0 ? item.Head[(at + 1)..] : null;

    private static string Fixed(string wording) =>
        wording.Split('{', '}').Where((_, index) => index % 2 == 0).MaxBy(part => part.Length)!.Trim();
}
