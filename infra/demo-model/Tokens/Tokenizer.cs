using System.Text.Json;
using System.Text.RegularExpressions;

namespace ShopifyLlmGuard.DemoModel.Tokens;

/// <summary>The model's vocabulary. It cuts text exactly as llama.cpp does with the exported file.</summary>
internal sealed class Tokenizer
{
    public const string Start = "<|im_start|>";
    public const string End = "<|im_end|>";

    private readonly Dictionary<string, int> ids;
    private readonly Dictionary<(string, string), int> ranks;
    private readonly Dictionary<string, int[]> words = [];
    private readonly Regex whole;

    private Tokenizer(IReadOnlyList<(string Left, string Right)> merges)
    {
        Merges = merges;
        Texts = [.. BytePairs.Letters, .. merges.Select(merge => merge.Left + merge.Right), .. Controls, .. Markers];
        ids = Texts.Select((text, id) => (text, id)).ToDictionary(pair => pair.text, pair => pair.id);
        ranks = merges.Select((merge, rank) => (merge, rank)).ToDictionary(pair => pair.merge, pair => pair.rank);
        whole = new Regex("(" + string.Join('|', Controls.Concat(Markers).Select(Regex.Escape)) + ")");
    }

    public static IReadOnlyList<string> Controls { get; } = ["<|endoftext|>", Start, End];

    /// <summary>A product's marker is one token, so that choosing a product is one step.</summary>
    public static IReadOnlyList<string> Markers { get; } = ["[1]", "[2]", "[3]", "[4]", "[5]", "[6]"];

    /// <summary>Every token's text in id order; ordinary tokens are written in byte letters.</summary>
    public IReadOnlyList<string> Texts { get; }

    public IReadOnlyList<(string Left, string Right)> Merges { get; }

    public int EndId => ids[End];

    public bool IsMarker(int id) => Markers.Contains(Texts[id]);

    /// <summary>Learns a vocabulary of so many tokens in all.</summary>
    public static Tokenizer Learn(IEnumerable<string> texts, int size) =>
        new(BytePairs.Learn(texts, size - 256 - Controls.Count - Markers.Count));

    public static Tokenizer Load(string path) => new(JsonSerializer.Deserialize<string[][]>(File.ReadAllText(path))!
        .Select(pair => (pair[0], pair[1])).ToList());

    public void Save(string path) =>
        File.WriteAllText(path, JsonSerializer.Serialize(Merges.Select(merge => new[] { merge.Left, merge.Right })));

    public int[] Encode(string text) => [.. whole.Split(text).Where(part => part.Length > 0)
        .SelectMany(part => ids.TryGetValue(part, out var id) && Texts[id].Length > 2 && whole.IsMatch(part)
            ? [id] : BytePairs.Words(part).SelectMany(EncodeWord))];

    public string Decode(IEnumerable<int> tokens)
    {
        var letters = string.Concat(tokens.Select(token => whole.IsMatch(Texts[token])
            ? BytePairs.Encode(Texts[token]) : Texts[token]));
        return BytePairs.Decode(letters);
    }

    private int[] EncodeWord(string word)
    {
        if (words.TryGetValue(word, out var known))
        {
            return known;
        }

        var parts = BytePairs.Encode(word).Select(letter => letter.ToString()).ToList();
        while (BestPair(parts) is { } pair)
        {
            BytePairs.Merge(parts, pair);
        }

        return words[word] = [.. parts.Select(part => ids[part])];
    }

    private (string, string)? BestPair(List<string> parts) => Enumerable.Range(0, Math.Max(0, parts.Count - 1))
        .Select(i => (parts[i], parts[i + 1])).Where(ranks.ContainsKey)
        .OrderBy(pair => ranks[pair]).Select(pair => ((string, string)?)pair).FirstOrDefault();
}
