using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.DemoModel.Tokens;
using ShopifyLlmGuard.Recommendations;

namespace ShopifyLlmGuard.DemoModel.Text;

/// <summary>
/// Several conversations about one list of products, as one row of tokens. Each branch sees the shared beginning and
/// itself only, and its positions go on from the beginning, so a branch is exactly the prompt of one request.
/// </summary>
internal sealed class Pack
{
    public List<int> Ids { get; } = [];

    public List<int> Positions { get; } = [];

    /// <summary>0 = the shared beginning, then one number per branch.</summary>
    public List<int> Branches { get; } = [];

    /// <summary>How much it matters that the token is predicted; 0 for what is not the model's to say.</summary>
    public List<float> Weights { get; } = [];

    public void Add(IReadOnlyList<int> ids, int position, int branch, Func<int, float> weight)
    {
        for (var i = 0; i < ids.Count; i++)
        {
            Ids.Add(ids[i]);
            Positions.Add(position + i);
            Branches.Add(branch);
            Weights.Add(weight(ids[i]));
        }
    }
}

/// <summary>Makes the rows that the model is trained on. The same seed makes the same rows.</summary>
internal sealed class Packs(Random random, Tokenizer tokenizer, IReadOnlyList<Item> shop, int length, double firstShare,
    double recommendationShare)
{
    public const float WordWeight = 1;
    public const float MarkerWeight = 4;

    private static readonly string[] Shops = ["Carewell", "Carewell", "Vitahaus", "Medora", "Good Health", "Pharma Plus",
        "The Care Shop"];

    /// <summary>A row of made-up noise that repeats: only copying predicts it.</summary>
    public Pack Copying()
    {
        var pack = new Pack();
        var word = Enumerable.Range(0, random.Next(8, 80)).Select(_ => random.Next(tokenizer.Texts.Count)).ToArray();
        for (var start = 0; start + word.Length <= length; start += word.Length)
        {
            var seen = start > 0;
            pack.Add(word, start, 0, _ => seen ? 0.3f : 0);
        }

        return pack;
    }

    /// <summary>Lists of noise behind markers: asked for some tokens of a line, answer its marker and what follows.</summary>
    public Pack LookingUp()
    {
        int[] Noise(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(256, tokenizer.EndId - 2))];
        var lines = Enumerable.Range(0, random.Next(2, 5)).Select(_ => Noise(random.Next(8, 24))).ToList();
        var pack = new Pack();
        var shared = lines.SelectMany((line, index) => (int[])[.. tokenizer.Encode($"\n[{index + 1}]"), .. line]);
        int[] beginning = [.. tokenizer.Encode($"{Tokenizer.Start}system"), .. shared, .. tokenizer.Encode($"{Tokenizer.End}\n")];
        pack.Add(beginning, 0, 0, _ => 0);
        for (var branch = 1; pack.Ids.Count < length * 3 / 4; branch++)
        {
            var index = random.Next(lines.Count);
            var line = lines[index];
            var (asked, at) = (random.Next(1, 4), random.Next(line.Length - 5));
            int[] prompt = [.. tokenizer.Encode($"{Tokenizer.Start}user\n"), .. Noise(random.Next(3)),
                .. line[at..(at + asked)], .. Noise(random.Next(3)), .. tokenizer.Encode($"{Tokenizer.End}\n{ChatMl.Ask}")];
            int[] answer = [.. tokenizer.Encode($"[{index + 1}]"), .. line[at..(at + 5)]];
            pack.Add(prompt, beginning.Length, branch, _ => 0);
            pack.Add(answer, beginning.Length + prompt.Length, branch, id => tokenizer.IsMarker(id) ? MarkerWeight : 0.5f);
        }

        return pack;
    }

    public Pack Next(int longestList) => random.Chance(recommendationShare) ? Recommending(longestList) : Chatting(longestList);

    private Pack Chatting(int longestList)
    {
        var items = random.Chance(0.03) ? [] : new Shelf(random, shop).List(longestList);
        var pack = Begin(ChatPrompt.System(random.Pick(Shops), [.. items.Select(item => item.Prompt)]));
        while (TryBranch(pack, Conversation(items)))
        {
        }

        return pack;
    }

    private Pack Recommending(int longestList)
    {
        var shelf = new Shelf(random, shop);
        var items = shelf.List(longestList);
        var pack = Begin(RecommendationPrompt.System(random.Pick(Shops), [.. items.Select(item => item.Prompt)]));
        Item viewed;
        do
        {
            viewed = random.Chance(0.5) ? shelf.Make(random.Pick(items).Type) : shelf.List(1)[0];
        }
        while (TryBranch(pack, [("user", RecommendationPrompt.User(viewed.Prompt)), ("assistant", Reasons.For(viewed, items))]));
        return pack;
    }

    /// <summary>Earlier turns stand as the browser keeps them: titles in place of markers.</summary>
    private List<(string Role, string Text)> Conversation(List<Item> items)
    {
        var turns = new List<(string, string)>();
        while (random.Chance(0.15) && turns.Count < 6)
        {
            var others = random.Chance(0.5) && items.Count > 0 ? items : new Shelf(random, shop).List(4);
            var earlier = Exchange(others);
            turns.Add(("user", earlier.Question));
            turns.Add(("assistant", others.Select((item, index) => (item, index)).Aggregate(earlier.Answer,
                (text, pair) => text.Replace($"[{pair.index + 1}]", pair.item.Prompt.Title, StringComparison.Ordinal))));
        }

        var exchange = Exchange(items);
        return [.. turns, ("user", Phrases.Typed(random, exchange.Question)), ("assistant", exchange.Answer)];
    }

    private Exchange Exchange(List<Item> items)
    {
        Exchange exchange;
        do
        {
            exchange = AnyExchange(items);
        }
        while (HeldOut.Contains(exchange.Question));
        return exchange;
    }

    private Exchange AnyExchange(List<Item> items)
    {
        if (items.Count == 0 || random.Chance(0.09))
        {
            return items.Count == 0 && random.Chance(0.5) && SmallTalk.NotInList(random, items) is { } sorry
                ? sorry : SmallTalk.Next(random);
        }

        return random.Chance(0.03) && SmallTalk.NotInList(random, items) is { } missing
            ? missing : new Questions(random, items, firstShare).Next();
    }

    private Pack Begin(string system)
    {
        var pack = new Pack();
        pack.Add(tokenizer.Encode(ChatMl.Turn("system", system)), 0, 0, _ => 0);
        return pack;
    }

    private bool TryBranch(Pack pack, List<(string Role, string Text)> turns)
    {
        var shared = pack.Branches.TakeWhile(branch => branch == 0).Count();
        var prompt = tokenizer.Encode(string.Concat(turns.SkipLast(1).Select(turn => ChatMl.Turn(turn.Role, turn.Text))) + ChatMl.Ask);
        int[] answer = [.. tokenizer.Encode(turns[^1].Text), tokenizer.EndId];
        if (pack.Ids.Count > shared && pack.Ids.Count + prompt.Length + answer.Length > length)
        {
            return false;
        }

        var branch = pack.Branches[^1] + 1;
        pack.Add(prompt, shared, branch, _ => 0);
        pack.Add(answer, shared + prompt.Length, branch, id => tokenizer.IsMarker(id) ? MarkerWeight : WordWeight);
        return pack.Ids.Count < length;
    }
}
