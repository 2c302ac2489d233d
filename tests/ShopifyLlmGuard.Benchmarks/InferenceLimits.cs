using ShopifyLlmGuard.Benchmarks.InProcess;
using ShopifyLlmGuard.Benchmarks.LocalModel;

namespace ShopifyLlmGuard.Benchmarks;

/// <summary>What the inference host makes of a model: its speed against the library's own and a peer's, and its promises under overload, cancellation and death.</summary>
internal static class InferenceLimits
{
    public static async Task<Report> RunAsync()
    {
        using var models = new RandomModels();
        Cores.Ask();
        var parts = new List<(string Name, IReadOnlyList<Target> Targets, object Notes)>
        {
            await PartAsync("throughput", () => Throughput.RunAsync(models.Medium)),
            await PartAsync("overload", () => Overload.RunAsync(models.Medium)),
            await PartAsync("prefix", () => PrefixHit.RunAsync(models.Medium)),
            await PartAsync("killed worker", () => KilledWorker.RunAsync(models.Medium)),
        };
        Cores.Compute();
        parts.Add(await PartAsync("cancellation", () => Cancellation.RunAsync(models.Small)));
        parts.Add(await PartAsync("long prompt", () => LongPrompt.RunAsync(models.Small)));
        var notes = parts.ToDictionary(part => part.Name, part => part.Notes);
        notes["models"] = "random weights in 8 bits, one thread each: 14 million, 8 layers of 384, 6 heads that share 2 for keys and values, 2,048 tokens (throughput, overload, prefix, killed worker); 3 million (the others)";
        notes["peer"] = "node-llama-cpp 3.22.1 in its own process without HTTP, the same library, one thread; flash attention as it comes and off, the faster one counts";
        notes["where the gain over the peer is small"] = "where a step takes long: with 4 heads of 96 that share nothing it was 1.2 at 4 and 1.3 at 8 parallel, likeliest tokens";
        return new Report(Pairs.IsTrial ? "inference-trial" : "inference", [.. parts.SelectMany(part => part.Targets), Allocation.Run(models.Small)], notes);
    }

    private static async Task<(string Name, IReadOnlyList<Target> Targets, object Notes)> PartAsync(
        string name, Func<Task<(IReadOnlyList<Target> Targets, object Notes)>> run)
    {
        var (targets, notes) = await run();
        foreach (var target in targets)
        {
            await Console.Error.WriteLineAsync($"{name}: {target.Measure}: {target.Value} {target.Unit} ({target.Goal})");
        }

        return (name, targets, notes);
    }
}
