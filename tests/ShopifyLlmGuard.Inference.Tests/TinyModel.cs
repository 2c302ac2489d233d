using System.Text;

namespace ShopifyLlmGuard.Inference.Tests;

/// <summary>
/// Writes small llama models with random weights: byte-level vocabulary, ChatML, and whatever fault a test needs.
/// They never end by themselves, so that a test decides how long an answer takes.
/// </summary>
internal sealed record TinyModel
{
    public const int End = 0, Start = 1, Specials = 3, Vocabulary = Specials + 256;
    private const int Block = 32;
    private readonly float[] _directions = [.. Enumerable.Repeat(new Random(3), 64 * Vocabulary).Select(random => random.NextSingle() * 2 - 1)];

    public int Width { get; init; } = 64;

    public int Heads { get; init; } = 4;

    /// <summary>Heads of keys and values, which several others share in most models of today; 0 is as many as <see cref="Heads"/>.</summary>
    public int KeyHeads { get; init; }

    /// <summary>Tokens of several letters beyond the bytes; no text becomes one, but the model may say them.</summary>
    public int Words { get; init; }

    public int Layers { get; init; } = 2;

    public int Hidden { get; init; } = 128;

    /// <summary>Matrices have 8 bits a weight (Q8_0), as models in service do.</summary>
    public bool HasEightBits { get; init; }

    /// <summary>Layers that the header claims beyond those that are there.</summary>
    public int MissingLayers { get; init; }

    public int Context { get; init; } = 16384;

    public int EndId { get; init; } = End;

    /// <summary>The template's tokens are user-defined, which llama.cpp finds in plain text too.</summary>
    public bool HasPlainTextSpecials { get; init; }

    public string? Template { get; init; } =
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}";

    /// <summary>What the header calls the type of the weights, as llama.cpp numbers it; null when it says nothing.</summary>
    public int? FileType { get; init; }

    /// <summary>Weights are this instead of random.</summary>
    public float? Constant { get; init; }

    /// <summary>Only the output weights are this: 0 makes token 0, the end, the likeliest.</summary>
    public float? OutputConstant { get; init; }

    /// <summary>Says the last token again and again, and whatever else it sees most of: whose words they are can be seen.</summary>
    public bool Echoes { get; init; }

    private int KeyWidth => KeyHeads == 0 ? Width : Width / Heads * KeyHeads;

    private int TokenCount => Vocabulary + Words;

    public string Write(string path)
    {
        (string Name, int[] Shape)[] tensors =
        [
            ("token_embd.weight", [Width, TokenCount]), ("output_norm.weight", [Width]), ("output.weight", [Width, TokenCount]),
            .. Enumerable.Range(0, Layers).SelectMany(Layer),
        ];
        using var writer = new BinaryWriter(File.Create(path));
        WriteHeader(writer, tensors);
        var random = new Random(7);
        foreach (var (name, shape) in tensors)
        {
            Pad(writer);
            var count = shape.Aggregate(1, (product, size) => product * size);
            WriteWeights(writer, Enumerable.Range(0, count).Select(index => Weight(name, index, random)), IsEightBits(shape));
        }

        Pad(writer);
        return path;
    }

    private bool IsEightBits(int[] shape) => HasEightBits && shape.Length == 2;

    // Q8_0: a scale for each 32 weights, and a byte for each.
    private static void WriteWeights(BinaryWriter writer, IEnumerable<float> weights, bool isEightBits)
    {
        foreach (var block in weights.Chunk(Block))
        {
            var scale = block.Max(Math.Abs) / sbyte.MaxValue;
            if (!isEightBits)
            {
                Array.ForEach(block, writer.Write);
                continue;
            }

            writer.Write((Half)scale);
            Array.ForEach(block, weight => writer.Write((sbyte)(scale == 0 ? 0 : Math.Round(weight / scale))));
        }
    }

    private float Weight(string name, int index, Random random)
    {
        var value = (float)((random.NextDouble() * 2 - 1) * Math.Sqrt(3.0 / Width));
        return name switch
        {
            _ when Echoes => Echo(name, index),
            _ when Constant is { } constant => constant,
            "output.weight" when OutputConstant is { } constant => constant,
            // The rows of the special tokens: their scores are 0, which never wins.
            "output.weight" when index < Specials * Width => 0,
            _ when name.Contains("norm", StringComparison.Ordinal) => 1,
            _ => value,
        };
    }

    // Every position looks at all alike and adds what it sees to its own; the output finds the token again.
    private float Echo(string name, int index) => name switch
    {
        "token_embd.weight" or "output.weight" => _directions[index],
        _ when name.Contains("norm", StringComparison.Ordinal) => 1,
        _ when name.Contains("attn_v", StringComparison.Ordinal) || name.Contains("attn_output", StringComparison.Ordinal) =>
            index % (Width + 1) == 0 ? 1 : 0,
        _ => 0,
    };

    private (string, int[])[] Layer(int layer) =>
    [
        ($"blk.{layer}.attn_norm.weight", [Width]), ($"blk.{layer}.attn_q.weight", [Width, Width]),
        ($"blk.{layer}.attn_k.weight", [Width, KeyWidth]), ($"blk.{layer}.attn_v.weight", [Width, KeyWidth]),
        ($"blk.{layer}.attn_output.weight", [Width, Width]), ($"blk.{layer}.ffn_norm.weight", [Width]),
        ($"blk.{layer}.ffn_gate.weight", [Width, Hidden]), ($"blk.{layer}.ffn_up.weight", [Width, Hidden]),
        ($"blk.{layer}.ffn_down.weight", [Hidden, Width]),
    ];

    private void WriteHeader(BinaryWriter writer, (string Name, int[] Shape)[] tensors)
    {
        string[] tokens = ["<|im_end|>", "<|im_start|>", "<|x|>", .. Enumerable.Range(0, 256).Select(Letter), .. Enumerable.Range(0, Words).Select(word => $"word{word}")];
        var special = HasPlainTextSpecials ? 4 : 3;
        List<(string, object)> entries =
        [
            ("general.architecture", "llama"), ("llama.context_length", Context), ("llama.embedding_length", Width),
            ("llama.block_count", Layers + MissingLayers), ("llama.feed_forward_length", Hidden), ("llama.attention.head_count", Heads),
            ("llama.attention.head_count_kv", KeyHeads == 0 ? Heads : KeyHeads),
            ("llama.attention.layer_norm_rms_epsilon", 1e-5f), ("tokenizer.ggml.model", "gpt2"), ("tokenizer.ggml.pre", "gpt-2"),
            ("tokenizer.ggml.tokens", tokens),
            ("tokenizer.ggml.token_type", Enumerable.Range(0, TokenCount).Select(id => id < Specials ? special : 1).ToArray()),
            // No pair of letters is a token, so this merge never happens; llama.cpp wants one to be there.
            ("tokenizer.ggml.merges", new[] { $"{Letter('q')} {Letter('q')}" }),
            ("tokenizer.ggml.eos_token_id", EndId), ("tokenizer.ggml.bos_token_id", Start), ("tokenizer.ggml.add_bos_token", false),
        ];
        if (FileType is { } type)
        {
            entries.Add(("general.file_type", type));
        }

        if (Template is not null)
        {
            entries.Add(("tokenizer.chat_template", Template));
        }

        writer.Write("GGUF"u8);
        writer.Write(3);
        writer.Write((long)tensors.Length);
        writer.Write((long)entries.Count);
        entries.ForEach(entry => WriteEntry(writer, entry.Item1, entry.Item2));
        var offset = 0L;
        foreach (var (name, shape) in tensors)
        {
            WriteText(writer, name);
            writer.Write(shape.Length);
            Array.ForEach(shape, size => writer.Write((long)size));
            writer.Write(IsEightBits(shape) ? 8 : 0);
            writer.Write(offset);
            var count = shape.Aggregate(1L, (product, size) => product * size);
            offset += ((IsEightBits(shape) ? count / Block * (Block + 2) : 4 * count) + 31) / 32 * 32;
        }
    }

    private static void WriteEntry(BinaryWriter writer, string key, object value)
    {
        WriteText(writer, key);
        switch (value)
        {
            case int number: writer.Write(4); writer.Write(number); break;
            case float number: writer.Write(6); writer.Write(number); break;
            case bool flag: writer.Write(7); writer.Write(flag); break;
            case string text: writer.Write(8); WriteText(writer, text); break;
            case int[] list: writer.Write(9); writer.Write(5); writer.Write((long)list.Length); Array.ForEach(list, writer.Write); break;
            case string[] list:
                writer.Write(9); writer.Write(8); writer.Write((long)list.Length);
                Array.ForEach(list, text => WriteText(writer, text));
                break;
            default: throw new ArgumentException("No such entry type.", nameof(value));
        }
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((long)bytes.Length);
        writer.Write(bytes);
    }

    // GPT-2's printable letter for a byte.
    private static string Letter(int value)
    {
        static bool IsPrintable(int code) => code is (>= 33 and <= 126) or (>= 161 and <= 172) or (>= 174 and <= 255);
        return ((char)(IsPrintable(value) ? value : 256 + Enumerable.Range(0, value).Count(code => !IsPrintable(code)))).ToString();
    }

    private static void Pad(BinaryWriter writer)
    {
        writer.Flush();
        writer.Write(new byte[(32 - writer.BaseStream.Position % 32) % 32]);
    }
}
