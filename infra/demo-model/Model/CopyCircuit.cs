using static TorchSharp.torch;

namespace ShopifyLlmGuard.DemoModel.Model;

/// <summary>
/// Starts the network with a working circuit for copying, which training finds only after long waiting: two heads of the
/// first layer note the token before, two heads of the second look for the token that followed the last time.
/// Training changes all of it freely. A token's embedding begins in the lower half of the width, its first number is a
/// constant; the upper half is where the first layer writes the embedding of the token before.
/// </summary>
internal static class CopyCircuit
{
    private const float Constant = 4;
    private const int Heads = 2;

    public static void Install(Llama model)
    {
        using var noGradients = no_grad();
        using var scope = NewDisposeScope();
        var embedding = model.Weights["token_embd.weight"];
        var half = model.Shape.Width / 2;
        embedding.narrow(1, half, half).mul_(0.1);
        embedding.narrow(1, 0, 1).fill_(Constant);
        NoteTheTokenBefore(model.Shape, half).Write(model, "blk.0.");
        FindWhatFollowed(model.Shape, half).Write(model, "blk.1.");
    }

    private static Matrices NoteTheTokenBefore(Shape shape, int half)
    {
        const float Sharpness = 1.4f;
        var size = shape.HeadWidth;
        var matrices = new Matrices(shape);
        for (var row = 0; row < Heads * size; row++)
        {
            // Query and key are constant; the rotation alone makes the distance of one token score best.
            var at = row % size;
            var turn = Math.Pow(Shape.RopeBase, -(at / 2) * 2.0 / size);
            var quick = at / 2 < size * 7 / 32;
            matrices.Query[row, 0] = quick && at % 2 == 0 ? Sharpness : 0;
            matrices.Key[row, 0] = quick ? Sharpness * (float)(at % 2 == 0 ? Math.Cos(turn) : Math.Sin(turn)) : 0;
            matrices.Value[row, row] = row == 0 ? 0 : 1;
            matrices.Output[half + row, row] = 0.75f;
        }

        return matrices;
    }

    private static Matrices FindWhatFollowed(Shape shape, int half)
    {
        const float Sharpness = 1.6f;
        var size = shape.HeadWidth;
        var matrices = new Matrices(shape);
        for (var row = 0; row < Heads * size; row++)
        {
            // Only the slow pairs of the rotation compare content over a whole prompt.
            var slow = row % size >= size * 15 / 32;
            matrices.Query[row, row] = slow ? Sharpness : 0;
            matrices.Key[row, half + row] = slow ? Sharpness : 0;
            matrices.Value[row, row] = row == 0 ? 0 : 1;
            matrices.Output[row, row] = 2;
        }

        return matrices;
    }

    private sealed class Matrices(Shape shape)
    {
        public float[,] Query { get; } = new float[Heads * shape.HeadWidth, shape.Width];

        public float[,] Key { get; } = new float[Heads * shape.HeadWidth, shape.Width];

        public float[,] Value { get; } = new float[Heads * shape.HeadWidth, shape.Width];

        public float[,] Output { get; } = new float[shape.Width, Heads * shape.HeadWidth];

        public void Write(Llama model, string layer)
        {
            var rows = Heads * model.Shape.HeadWidth;
            model.Weights[layer + "attn_q.weight"].narrow(0, 0, rows).copy_(tensor(Query));
            model.Weights[layer + "attn_k.weight"].narrow(0, 0, rows).copy_(tensor(Key));
            model.Weights[layer + "attn_v.weight"].narrow(0, 0, rows).copy_(tensor(Value));
            model.Weights[layer + "attn_output.weight"].narrow(1, 0, rows).copy_(tensor(Output));
        }
    }
}
