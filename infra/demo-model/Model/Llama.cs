using static TorchSharp.torch;

namespace ShopifyLlmGuard.DemoModel.Model;

/// <summary>The sizes of the network; they go into the exported file as they stand.</summary>
internal sealed record Shape(int Vocabulary, int Width, int Layers, int Heads, int Hidden, int Context)
{
    public const float Epsilon = 1e-5f;
    public const float RopeBase = 500000;

    public int HeadWidth => Width / Heads;
}

/// <summary>
/// A llama-architecture network with tied embeddings and interleaved rotary positions. Tensors carry the names and
/// the layout of the exported file. Matrix products run in bfloat16, the weights are float32.
/// </summary>
internal sealed class Llama
{
    private readonly Tensor cosines;
    private readonly Tensor sines;

    public Llama(Shape shape, int seed)
    {
        Shape = shape;
        manual_seed(seed);
        Weights["token_embd.weight"] = Random(shape.Vocabulary, shape.Width, 1);
        for (var i = 0; i < shape.Layers; i++)
        {
            AddLayer($"blk.{i}.");
        }

        // Small, because embeddings of size one are also the output matrix.
        Weights["output_norm.weight"] = full(shape.Width, 0.05).requires_grad_();
        var frequencies = pow(Shape.RopeBase, arange(0, shape.HeadWidth, 2, ScalarType.Float32) * (-1.0 / shape.HeadWidth));
        var angles = outer(arange(shape.Context, ScalarType.Float32), frequencies);
        (cosines, sines) = (angles.cos(), angles.sin());
        CopyCircuit.Install(this);
    }

    public Shape Shape { get; }

    public Dictionary<string, Tensor> Weights { get; } = [];

    /// <summary>Matrix products in bfloat16; off where exact numbers are compared.</summary>
    public bool HalfPrecision { get; set; } = true;

    /// <param name="ids">[rows, length] tokens.</param>
    /// <param name="positions">[rows, length] their positions.</param>
    /// <param name="visible">[rows, 1, length, length] true where a token (third axis) sees another (fourth axis).</param>
    /// <returns>[rows * length, width] what the last layer says, before the output matrix.</returns>
    public Tensor Forward(Tensor ids, Tensor positions, Tensor visible)
    {
        var (rows, length) = (ids.shape[0], ids.shape[1]);
        var x = Weights["token_embd.weight"].index_select(0, ids.flatten());
        var cos = cosines.index_select(0, positions.flatten()).view(rows, length, 1, -1);
        var sin = sines.index_select(0, positions.flatten()).view(rows, length, 1, -1);
        for (var i = 0; i < Shape.Layers; i++)
        {
            var layer = $"blk.{i}.";
            var h = Norm(x, layer + "attn_norm");
            var q = Rotate(Heads(Product(h, layer + "attn_q"), rows), cos, sin);
            var k = Rotate(Heads(Product(h, layer + "attn_k"), rows), cos, sin);
            var v = Heads(Product(h, layer + "attn_v"), rows).transpose(1, 2);
            var seen = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask: visible);
            x = x + Product(seen.transpose(1, 2).reshape(rows * length, Shape.Width), layer + "attn_output");
            h = Norm(x, layer + "ffn_norm");
            var gated = nn.functional.silu(Product(h, layer + "ffn_gate")) * Product(h, layer + "ffn_up");
            x = x + Product(gated, layer + "ffn_down");
        }

        return Norm(x, "output_norm");
    }

    /// <summary>Scores of every token of the vocabulary, [n, vocabulary].</summary>
    public Tensor Logits(Tensor hidden) => Product(hidden, "token_embd").to(ScalarType.Float32);

    private void AddLayer(string layer)
    {
        var (width, hidden) = (Shape.Width, Shape.Hidden);
        Weights[layer + "attn_norm.weight"] = ones(width).requires_grad_();
        Weights[layer + "attn_q.weight"] = Random(width, width, 1 / Math.Sqrt(width));
        Weights[layer + "attn_k.weight"] = Random(width, width, 1 / Math.Sqrt(width));
        Weights[layer + "attn_v.weight"] = Random(width, width, 1 / Math.Sqrt(width));
        Weights[layer + "attn_output.weight"] = zeros(width, width).requires_grad_();
        Weights[layer + "ffn_norm.weight"] = ones(width).requires_grad_();
        Weights[layer + "ffn_gate.weight"] = Random(hidden, width, 1 / Math.Sqrt(width));
        Weights[layer + "ffn_up.weight"] = Random(hidden, width, 1 / Math.Sqrt(width));
        Weights[layer + "ffn_down.weight"] = zeros(width, hidden).requires_grad_();
    }

    private static Tensor Random(int rows, int columns, double spread) => (randn(rows, columns) * spread).requires_grad_();

    private Tensor Product(Tensor x, string name)
    {
        var weight = Weights[name + ".weight"];
        return HalfPrecision
            ? x.to(ScalarType.BFloat16).matmul(weight.to(ScalarType.BFloat16).t())
            : x.matmul(weight.t());
    }

    private Tensor Norm(Tensor x, string name)
    {
        // Not square(): TorchSharp may free that call's own exponent before it is read, perhaps once in an hour.
        var wide = x.to(ScalarType.Float32);
        return wide * ((wide * wide).mean([-1], keepdim: true) + Shape.Epsilon).rsqrt() * Weights[name + ".weight"];
    }

    private Tensor Heads(Tensor x, long rows) => x.view(rows, -1, Shape.Heads, Shape.HeadWidth);

    private static Tensor Rotate(Tensor x, Tensor cos, Tensor sin)
    {
        var pairs = x.to(ScalarType.Float32).view(x.shape[0], x.shape[1], x.shape[2], -1, 2);
        var (even, odd) = (pairs.select(-1, 0), pairs.select(-1, 1));
        return stack([(even * cos) - (odd * sin), (even * sin) + (odd * cos)], -1).flatten(3).to(x.dtype).transpose(1, 2);
    }
}
