using System.Diagnostics;
using ShopifyLlmGuard.Benchmarks.LocalModel;
using ShopifyLlmGuard.Inference.Engine;

namespace ShopifyLlmGuard.Benchmarks.InProcess;

/// <summary>Somebody leaves while others are being answered: how long their cells are kept.</summary>
internal static class Cancellation
{
    private const int PromptTokens = 1000, Others = 3;
    private static readonly int Times = Pairs.IsTrial ? 20 : 150;

    public static async Task<(IReadOnlyList<Target> Targets, object Notes)> RunAsync(string model)
    {
        using var engine = new OwnEngine(model);
        var random = new Random(11);
        var (freed, batches) = (new List<double>(), new List<double>());
        for (var time = 0; time < Times; time += 10)
        {
            var others = Enumerable.Range(0, Others).Select(_ => engine.Ask(80, 4000)).ToArray();
            OwnEngine.Until(1, others);
            for (var one = 0; one < 10; one++)
            {
                var (milliseconds, beats) = await FreeAsync(engine, random);
                freed.Add(milliseconds);
                batches.AddRange(beats.Batches);
            }

            engine.End(others);
        }

        var batch = Math.Round(new Pairs(batches).Quantile(0.99), 2);
        return (
            [Target.AtMost("cancellation to freed cells, p99", new Pairs(freed).Quantile(0.99), "ms", batch)],
            new
            {
                cancelled = freed.Count, p50Milliseconds = Math.Round(new Pairs(freed).Median, 2), maxMilliseconds = Math.Round(freed.Max(), 2),
                microBatches = batches.Count, microBatchP99Milliseconds = batch, target = "one micro-batch, p99 of those in the same run",
            });
    }

    // In the middle of the prompt, at any moment of a micro-batch.
    private static async Task<(double Milliseconds, Beats Beats)> FreeAsync(OwnEngine engine, Random random)
    {
        var leaving = engine.Ask(PromptTokens, 500);
        var freed = FreedAsync(leaving);
        var (left, began) = (random.Next(1, PromptTokens), Stopwatch.GetTimestamp());
        var patience = TimeSpan.FromMilliseconds(random.NextDouble() * 20);
        var beats = new Beats(engine.Engine.Progress);
        beats.Look(() => leaving.PrefillLeft <= left && Stopwatch.GetElapsedTime(began) > patience);
        var cancelled = Stopwatch.GetTimestamp();
        engine.Engine.Cancel(leaving, FailureReason.Cancelled);
        return (Stopwatch.GetElapsedTime(cancelled, await freed).TotalMilliseconds, beats);
    }

    // Its last word comes when its cells are free.
    private static async Task<long> FreedAsync(Generation leaving)
    {
        await foreach (var said in leaving.ReadAllAsync())
        {
            _ = said;
        }

        return Stopwatch.GetTimestamp();
    }
}
