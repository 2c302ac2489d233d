using System.Diagnostics;
using ShopifyLlmGuard.Browser;

namespace ShopifyLlmGuard.Benchmarks.LocalModel;

/// <summary>
/// Tokens per second through HTTP, against the raw loop on the same library and against node-llama-cpp, which gets no HTTP to
/// carry. Kept prefixes are off: no contender has any, and cells that hold them are computed over.
/// </summary>
internal sealed class Throughput(Contender raw, HostedModel host, Contender peer)
{
    private const int Cells = 4096, BatchSize = 256, Sequences = 8, PromptTokens = 83, AnswerTokens = 128;

    // What the chat template adds to a question.
    private const int TemplateTokens = 19;
    private static readonly string[] Folder = [Programs.Root, "tests", "ShopifyLlmGuard.Benchmarks", "Peer"];
    private int _asked;

    public static async Task<(IReadOnlyList<Target> Targets, object Notes)> RunAsync(string model)
    {
        await InstallPeerAsync();
        string[] shape = [model, $"{Sequences}", $"{Cells}", $"{BatchSize}"];
        await using var raw = await Contender.StartAsync(Environment.ProcessPath!, [RawLoop.Argument, .. shape]);
        await using var peer = await Contender.StartAsync("node", [Path.Combine([.. Folder, "peer.mjs"]), .. shape]);
        await using var host = await HostedModel.StartAsync(
            model, "--Inference:Context", "2048", "--Inference:Cells", $"{Cells}", "--Inference:Parallel", $"{Sequences}", "--Inference:KeepPrefixes", "false");
        var throughput = new Throughput(raw, host, peer);
        var targets = new List<Target>();
        var notes = new Dictionary<string, object>();
        foreach (var parallel in new[] { 1, 2, 4, 8 })
        {
            await throughput.MeasureAsync(parallel, targets, notes);
        }

        return (targets, notes);
    }

    private async Task MeasureAsync(int parallel, List<Target> targets, Dictionary<string, object> notes)
    {
        Func<int, Task<double>> loop = _ => raw.SecondsAsync(Next(parallel)), http = _ => HostSecondsAsync(parallel), node = _ => peer.SecondsAsync(Next(parallel));
        var isTarget = parallel >= 4;
        var rounds = await (isTarget
            ? Pairs.RunAsync(12, ("raw", loop), ("http", http), ("node", node), ("raw again", loop), ("http again", http))
            : Pairs.RunAsync(12, ("raw", loop), ("http", http), ("raw again", loop)));
        var against = Pairs.Speed(rounds, "http", "raw");
        var name = $"tokens/s through HTTP at {parallel} parallel";
        // One and two are measured for the picture; the promise is about company.
        targets.Add(Target.AtLeast($"{name}, of a raw loop's", against.Median, "ratio", isTarget ? 0.95 : 0));
        notes[$"{name}, of a raw loop's"] = against.Note;
        notes[$"{name}: A/A, the raw loop"] = Pairs.Speed(rounds, "raw again", "raw").Note;
        notes[$"{name}: tokens/s"] = rounds[0].Keys.ToDictionary(
            who => who, who => Math.Round(parallel * AnswerTokens / new Pairs([.. rounds.Select(round => round[who])]).Median));
        if (isTarget)
        {
            var node2 = Pairs.Speed(rounds, "http", "node");
            targets.Add(Target.AtLeast($"{name}, of node-llama-cpp's", node2.Median, "ratio", 1.8));
            notes[$"{name}, of node-llama-cpp's"] = node2.Note;
            notes[$"{name}: A/A, the host"] = Pairs.Speed(rounds, "http again", "http").Note;
        }
    }

    private Work Next(int parallel) => new(parallel, PromptTokens, AnswerTokens, _asked += parallel);

    private async Task<double> HostSecondsAsync(int parallel)
    {
        var work = Next(parallel);
        var questions = Enumerable.Range(work.First, parallel).Select(number => Work.Text(PromptTokens - TemplateTokens, number)).ToArray();
        var began = Stopwatch.GetTimestamp();
        var replies = await Task.WhenAll(questions.Select(question => host.AskAsync(question, AnswerTokens)));
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        return replies.FirstOrDefault(reply => !reply.Spent(PromptTokens, AnswerTokens)) is { } other
            ? throw new InvalidOperationException($"Not the work that was asked for: {other.Status} {other.Body[^Math.Min(400, other.Body.Length)..]}")
            : seconds;
    }

    private static async Task InstallPeerAsync()
    {
        using var npm = Process.Start(new ProcessStartInfo(
            "npm", ["install", "--omit=optional", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"])
        {
            WorkingDirectory = Path.Combine(Folder), RedirectStandardOutput = true,
        })!;
        await npm.StandardOutput.ReadToEndAsync();
        await npm.WaitForExitAsync();
        if (npm.ExitCode != 0)
        {
            throw new InvalidOperationException("npm could not install node-llama-cpp, the peer of this benchmark.");
        }
    }
}
