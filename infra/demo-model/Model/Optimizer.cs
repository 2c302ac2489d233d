using static TorchSharp.torch;

namespace ShopifyLlmGuard.DemoModel.Model;

/// <summary>
/// Muon for the matrices (momentum, made orthogonal by a few Newton-Schulz steps), AdamW for embedding and norms.
/// </summary>
internal sealed class Optimizer(Dictionary<string, Tensor> weights, double matrixRate, double otherRate)
{
    private const double Momentum = 0.95;
    private const double Decay = 0.01;
    private const double NormPart = 0.15;

    public Dictionary<string, Tensor> State { get; } = weights.Where(pair => IsMatrix(pair.Key))
        .Select(pair => (Name: "momentum." + pair.Key, pair.Value))
        .Concat(weights.Where(pair => !IsMatrix(pair.Key))
            .SelectMany(pair => new[] { ("first." + pair.Key, pair.Value), ("second." + pair.Key, pair.Value) }))
        .ToDictionary(pair => pair.Item1, pair => zeros_like(pair.Value));

    /// <param name="step">1 for the first step.</param>
    /// <param name="scale">The part of the full learning rate to use now.</param>
    public void Step(int step, double scale)
    {
        using var noGradients = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, weight) in weights)
        {
            if (weight.grad is not { } gradient)
            {
                continue;
            }

            if (IsMatrix(name))
            {
                StepMatrix(weight, gradient, State["momentum." + name], matrixRate * scale);
            }
            else
            {
                var rate = weight.shape.Length == 2 ? otherRate : otherRate * NormPart;
                StepOther(weight, gradient, State["first." + name], State["second." + name], step, rate * scale);
            }

            gradient.zero_();
        }
    }

    private static bool IsMatrix(string name) => name.StartsWith("blk", StringComparison.Ordinal)
        && !name.Contains("norm", StringComparison.Ordinal);

    private static void StepMatrix(Tensor weight, Tensor gradient, Tensor momentum, double rate)
    {
        momentum.mul_(Momentum).add_(gradient);
        var update = Orthogonal(gradient + (momentum * Momentum));
        var size = Math.Sqrt(Math.Max(1.0, (double)weight.shape[0] / weight.shape[1]));
        weight.mul_(1 - (rate * Decay)).sub_(update * (rate * size));
    }

    private static Tensor Orthogonal(Tensor matrix)
    {
        var tall = matrix.shape[0] > matrix.shape[1];
        var x = (tall ? matrix.t() : matrix) / (matrix.norm() + 1e-7);
        x = x.to(ScalarType.BFloat16);
        for (var i = 0; i < 5; i++)
        {
            var square = x.matmul(x.t());
            x = (x * 3.4445) + ((square * -4.7750) + (square.matmul(square) * 2.0315)).matmul(x);
        }

        return (tall ? x.t() : x).to(ScalarType.Float32);
    }

    private static void StepOther(Tensor weight, Tensor gradient, Tensor first, Tensor second, int step, double rate)
    {
        first.mul_(0.9).add_(gradient * 0.1);
        second.mul_(0.98).add_(gradient.square() * 0.02);
        var mean = first / (1 - Math.Pow(0.9, step));
        var spread = (second / (1 - Math.Pow(0.98, step))).sqrt() + 1e-9;
        weight.sub_(mean / spread * rate);
    }
}
