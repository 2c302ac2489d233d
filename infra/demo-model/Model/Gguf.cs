using System.Runtime.InteropServices;
using System.Text;
using ShopifyLlmGuard.DemoModel.Text;
using ShopifyLlmGuard.DemoModel.Tokens;
using TorchSharp;

namespace ShopifyLlmGuard.DemoModel.Model;

/// <summary>How the file stores matrices; the numbers are GGML's tensor types.</summary>
internal enum GgufType
{
    F32 = 0,
    F16 = 1,
    Q8 = 8,
}

/// <summary>Writes the network and its vocabulary as a GGUF file (version 3) that llama.cpp loads.</summary>
internal static class Gguf
{
    private const int Alignment = 32;
    private const int Normal = 1, Control = 3, UserDefined = 4;

    public static void Write(string path, Llama model, Tokenizer tokenizer, GgufType type)
    {
        var tensors = model.Weights.Select(pair => (pair.Key, pair.Value.shape,
            Data: Bytes(pair.Value, pair.Value.shape.Length == 2 ? type : GgufType.F32))).ToList();
        var facts = Facts(model.Shape, tokenizer, type);
        using var writer = new BinaryWriter(File.Create(path));
        writer.Write("GGUF"u8);
        writer.Write(3);
        writer.Write((long)tensors.Count);
        writer.Write((long)facts.Count);
        foreach (var (key, value) in facts)
        {
            Text(writer, key);
            Value(writer, value);
        }

        var offset = 0L;
        foreach (var (name, shape, data) in tensors)
        {
            Text(writer, name);
            writer.Write(shape.Length);
            shape.Reverse().ToList().ForEach(writer.Write);
            writer.Write((int)(shape.Length == 2 ? type : GgufType.F32));
            writer.Write(offset);
            offset += Aligned(data.Length);
        }

        Pad(writer);
        foreach (var (_, _, data) in tensors)
        {
            writer.Write(data);
            Pad(writer);
        }
    }

    private static List<(string Key, object Value)> Facts(Shape shape, Tokenizer tokenizer, GgufType type) =>
    [
        ("general.architecture", "llama"),
        ("general.name", "Carewell demo model"),
        ("general.description", "A small demo model, trained from scratch on generated text. It knows nothing about health."),
        ("general.alignment", Alignment),
        ("general.file_type", type == GgufType.Q8 ? 7 : (int)type),
        ("llama.vocab_size", shape.Vocabulary),
        ("llama.context_length", shape.Context),
        ("llama.embedding_length", shape.Width),
        ("llama.block_count", shape.Layers),
        ("llama.feed_forward_length", shape.Hidden),
        ("llama.attention.head_count", shape.Heads),
        ("llama.attention.head_count_kv", shape.Heads),
        ("llama.attention.layer_norm_rms_epsilon", Shape.Epsilon),
        ("llama.rope.dimension_count", shape.HeadWidth),
        ("llama.rope.freq_base", Shape.RopeBase),
        ("tokenizer.ggml.model", "gpt2"),
        ("tokenizer.ggml.pre", "gpt-2"),
        ("tokenizer.ggml.tokens", tokenizer.Texts.ToArray()),
        ("tokenizer.ggml.token_type", tokenizer.Texts.Select(Kind).ToArray()),
        ("tokenizer.ggml.merges", tokenizer.Merges.Select(merge => $"{merge.Left} {merge.Right}").ToArray()),
        ("tokenizer.ggml.bos_token_id", tokenizer.EndId),
        ("tokenizer.ggml.eos_token_id", tokenizer.EndId),
        ("tokenizer.ggml.eot_token_id", tokenizer.EndId),
        ("tokenizer.ggml.padding_token_id", tokenizer.Encode("<|endoftext|>")[0]),
        ("tokenizer.ggml.add_bos_token", false),
        ("tokenizer.chat_template", ChatMl.Template),
    ];

    private static int Kind(string token) => Tokenizer.Controls.Contains(token) ? Control
        : Tokenizer.Markers.Contains(token) ? UserDefined : Normal;

    private static void Value(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case int number: writer.Write(4); writer.Write(number); break;
            case float number: writer.Write(6); writer.Write(number); break;
            case bool flag: writer.Write(7); writer.Write(flag); break;
            case string text: writer.Write(8); Text(writer, text); break;
            case int[] list:
                writer.Write(9); writer.Write(5); writer.Write((long)list.Length);
                writer.Write(MemoryMarshal.AsBytes<int>(list));
                break;
            case string[] list:
                writer.Write(9); writer.Write(8); writer.Write((long)list.Length);
                Array.ForEach(list, text => Text(writer, text));
                break;
            default: throw new ArgumentException($"GGUF has no type for {value.GetType()}.", nameof(value));
        }
    }

    private static byte[] Bytes(torch.Tensor tensor, GgufType type)
    {
        var data = tensor.detach().data<float>().ToArray();
        return type switch
        {
            GgufType.F16 => MemoryMarshal.AsBytes<Half>(data.Select(x => (Half)x).ToArray()).ToArray(),
            GgufType.Q8 => [.. data.Chunk(32).SelectMany(Quantize)],
            _ => MemoryMarshal.AsBytes<float>(data).ToArray(),
        };
    }

    /// <summary>GGML's Q8_0: 32 weights share a half-precision scale.</summary>
    private static byte[] Quantize(float[] block)
    {
        var scale = block.Max(Math.Abs) / 127;
        var inverse = scale == 0 ? 0 : 1 / scale;
        return [.. BitConverter.GetBytes((Half)scale),
            .. block.Select(x => (byte)(sbyte)MathF.Round(x * inverse, MidpointRounding.AwayFromZero))];
    }

    private static void Text(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((long)bytes.Length);
        writer.Write(bytes);
    }

    private static long Aligned(long length) => (length + Alignment - 1) / Alignment * Alignment;

    private static void Pad(BinaryWriter writer)
    {
        writer.Flush();
        writer.Write(new byte[Aligned(writer.BaseStream.Position) - writer.BaseStream.Position]);
    }
}
