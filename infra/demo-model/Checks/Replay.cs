using System.Text;
using ShopifyLlmGuard.DemoModel.Model;
using ShopifyLlmGuard.DemoModel.Text;
using ShopifyLlmGuard.DemoModel.Tokens;

namespace ShopifyLlmGuard.DemoModel.Checks;

/// <summary>
/// Makes all rows again that the shipped model was trained on (they follow from the seed and the step alone) and looks for
/// texts in them. The fourth line of the README's commands was stopped at a step that nobody noted exactly: both it and the
/// fifth are looked at from where the third ended, which is more than was read.
/// </summary>
internal sealed class Replay(Tokenizer tokenizer, IReadOnlyList<Item> shop, int length)
{
    private static readonly (int From, int To, int Steps, double Recommendations)[] Runs =
        [(0, 3000, 3000, 0.22), (3000, 3700, 3700, 0.45), (3700, 5000, 6000, 0.3), (3700, 5000, 5000, 0.3)];

    /// <returns>How many conversations were read, and which of the texts occurred in them, whatever the case and the marks.</returns>
    public (long Conversations, IReadOnlyList<string> Occurred) LookFor(IReadOnlyList<string> texts)
    {
        var wanted = texts.Distinct().Select(text => (Text: text, Simple: Simple(text))).ToList();
        var (conversations, occurred) = (0L, new HashSet<string>());
        foreach (var (from, to, steps, recommendations) in Runs)
        {
            var plan = new Plan(Seed: 1, steps, Rows: 8, length, MatrixRate: 0, OtherRate: 0, recommendations);
            foreach (var row in Enumerable.Range(from, to - from).SelectMany(step => plan.MakeRows(step, tokenizer, shop)))
            {
                conversations += row.Branches.Max();
                var text = Simple(tokenizer.Decode(row.Ids));
                occurred.UnionWith(wanted.Where(each => text.Contains(each.Simple, StringComparison.Ordinal)).Select(each => each.Text));
            }
        }

        return (conversations, [.. occurred.Order()]);
    }

    private static string Simple(string text)
    {
        var simple = new StringBuilder(text.Length);
        foreach (var letter in text)
        {
            if (char.IsLetterOrDigit(letter))
            {
                simple.Append(char.ToLowerInvariant(letter));
            }
            else if (simple.Length > 0 && simple[^1] != ' ')
            {
                simple.Append(' ');
            }
        }

        return simple.ToString().Trim();
    }
}
