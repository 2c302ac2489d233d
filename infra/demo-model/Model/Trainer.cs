using System.Diagnostics;
using System.Runtime.InteropServices;
using ShopifyLlmGuard.DemoModel.Text;
using ShopifyLlmGuard.DemoModel.Tokens;
using static TorchSharp.torch;

namespace ShopifyLlmGuard.DemoModel.Model;

/// <summary>How long and how fast to train. Every batch follows from the seed and its step alone.</summary>
internal sealed record Plan(int Seed, int Steps, int Rows, int Length, double MatrixRate, double OtherRate, double RecommendationShare)
{
    public int WarmUp => Steps / 50;

    /// <summary>Copying of noise: it teaches to look things up.</summary>
    public static double CopyShare => 0.02;

    /// <summary>Looking things up in lists of noise: it teaches to choose by what was asked.</summary>
    public double LookUpShare(int step) => step < Steps * 0.4 ? 0.12 : step < Steps * 0.7 ? 0.06 : 0.02;

    /// <summary>At first a list's order says little, so that the model has to choose; later it says much, as in a search.</summary>
    public double FirstShare(int step) => step < Steps * 0.7 ? 0.1 : 0.6;

    public int LongestList(int step) => step < Steps * 0.1 ? 2 : step < Steps * 0.2 ? 3 : 4;

    /// <summary>Full rate after the warm-up, then down to nothing in the last half.</summary>
    public double Scale(int step) => Math.Min(Math.Min(1, (step + 1.0) / WarmUp), 2 * (1 - ((double)step / Steps)));

    /// <summary>What the network reads at a step.</summary>
    public List<Pack> MakeRows(int step, Tokenizer tokenizer, IReadOnlyList<Item> shop)
    {
        var random = new Random((Seed * 1_000_003) + step);
        var packs = new Packs(random, tokenizer, shop, Length, FirstShare(step), RecommendationShare);
        return [.. Enumerable.Range(0, Rows).Select(_ => random.Chance(CopyShare) ? packs.Copying()
            : random.Chance(LookUpShare(step)) ? packs.LookingUp() : packs.Next(LongestList(step)))];
    }
}

/// <summary>Trains from the last checkpoint on, if there is one.</summary>
internal sealed class Trainer(Llama model, Plan plan, Tokenizer tokenizer, IReadOnlyList<Item> shop, string folder)
{
    private static readonly TimeSpan SaveEvery = TimeSpan.FromMinutes(3);

    private readonly Optimizer optimizer = new(model.Weights, plan.MatrixRate, plan.OtherRate);

    private volatile bool stopping;
    private (float Words, float Markers)? recent;

    public void Run()
    {
        var path = Path.Combine(folder, "checkpoint.bin");
        var all = model.Weights.Concat(optimizer.State).ToDictionary();
        var step = File.Exists(path) ? Checkpoint.Load(path, all) : 0;
        var (saved, started, tokens) = (Stopwatch.StartNew(), Stopwatch.StartNew(), 0L);
        var next = Task.Run(() => plan.MakeRows(step, tokenizer, shop));
        using var stop = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => stopping = signal.Cancel = true);
        while (step < plan.Steps && !stopping)
        {
            var rows = next.Result;
            var following = step + 1;
            next = Task.Run(() => plan.MakeRows(following, tokenizer, shop));
            tokens += rows.Sum(row => row.Ids.Count);
            var loss = Step(rows, step++);
            recent = recent is { } old
                ? ((0.95f * old.Words) + (0.05f * loss.Words), (0.95f * old.Markers) + (0.05f * loss.Markers)) : loss;
            if (step % 20 == 0)
            {
                Console.WriteLine($"step {step} loss {recent?.Words:f3} marker {recent?.Markers:f3} "
                    + $"tokens/s {tokens / started.Elapsed.TotalSeconds:f0} minutes {started.Elapsed.TotalMinutes:f1}");
            }

            if (saved.Elapsed > SaveEvery)
            {
                Checkpoint.Save(path, step, all);
                saved.Restart();
            }
        }

        Checkpoint.Save(path, step, all);
    }

    /// <summary>The mean loss of the answers' words, and of the markers that choose a product.</summary>
    private (float Words, float Markers) Step(List<Pack> rows, int step)
    {
        using var scope = NewDisposeScope();
        var batch = Batch.From(rows);
        var hidden = model.Forward(batch.Ids, batch.Positions, batch.Visible).index_select(0, batch.Places);
        var losses = nn.functional.cross_entropy(model.Logits(hidden), batch.Targets, reduction: nn.Reduction.None);
        ((losses * batch.Weights).sum() / batch.Weights.sum()).backward();
        optimizer.Step(step + 1, plan.Scale(step));
        float Mean(double weight) => losses[batch.Weights == weight].mean().item<float>();
        return (Mean(Packs.WordWeight), Mean(Packs.MarkerWeight));
    }
}
