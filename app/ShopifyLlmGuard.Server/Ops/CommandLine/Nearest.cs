namespace ShopifyLlmGuard.Server.Ops.CommandLine;

/// <summary>What somebody probably meant: the word with the fewest changed letters.</summary>
internal static class Nearest
{
    public static string? Of(string word, IEnumerable<string> words) => words.MinBy(known => Distance(word, known));

    private static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        foreach (var (at, letter) in one.Index())
        {
            var before = row[0];
            row[0] = at + 1;
            for (var place = 1; place <= other.Length; place++)
            {
                (before, row[place]) = (row[place], Math.Min(Math.Min(row[place], row[place - 1]) + 1, before + (letter == other[place - 1] ? 0 : 1)));
            }
        }

        return row[^1];
    }
}
