using System.Diagnostics;
using ShopifyLlmGuard.Browser;

namespace ShopifyLlmGuard.Benchmarks.LocalModel;

/// <summary>
/// Tokens per second through HTTP, against the raw loop on the same library and against node-llama-cpp, which gets no HTTP to
/// carry. Kept prefixes are off, because no contender has any; what they cost when nobody needs them is told beside.
/// </summary>
internal sealed class Throughput(Contender raw, HostedModel host, HostedModel keeping, Contender peer)
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
        string[] settings = ["--Inference:Context", "2048", "--Inference:Cells", $"{Cells}", "--Inference:Parallel", $"{Sequences}"];
        await using var host = await HostedModel.StartAsync(model, [.. settings, "--Inference:KeptPercent", "0"]);
        await using var keeping = await HostedModel.StartAsync(model, settings);
        var throughput = new Throughput(raw, host, keeping, peer);
        var targets = new List<Target>();
        var notes = new Dictionary<string, object>();
        foreach (var parallel in new[] { 1, 2, 4, 8 })
        {
            await throughput.MeasureAsync(parallel, targets, notes);
        }

        return (targets, notes);
    }

    // One and two are measured for the picture; the promise is about company.
    private async Task MeasureAsync(int parallel, List<Target> targets, Dictionary<string, object> notes)
    {
        (string, Func<int, Task<double>>) Raw(string who) => (who, _ => raw.SecondsAsync(Next(parallel)));
        (string, Func<int, Task<double>>) Http(string who, HostedModel asked) => (who, _ => HostSecondsAsync(asked, parallel));
        var isTarget = parallel >= 4;
        var rounds = await (isTarget
            ? Pairs.RunAsync(12, Raw("raw"), Http("http", host), ("node", _ => peer.SecondsAsync(Next(parallel))), Raw("raw again"), Http("http again", host), Http("http keeping prefixes", keeping))
            : Pairs.RunAsync(12, Raw("raw"), Http("http", host), Raw("raw again")));
        var name = $"tokens/s through HTTP at {parallel} parallel";
        notes[$"{name}: each"] = rounds[0].Keys.ToDictionary(
            who => who, who => Math.Round(parallel * AnswerTokens / new Pairs([.. rounds.Select(round => round[who])]).Median));
        notes[$"{name}: A/A, the raw loop"] = Pairs.Speed(rounds, "raw again", "raw").Note;
        notes[$"{name}, of a raw loop's"] = Pairs.Speed(rounds, "http", "raw").Note;
        if (isTarget)
        {
            notes[$"{name}: A/A, the host"] = Pairs.Speed(rounds, "http again", "http").Note;
            notes[$"{name}, of node-llama-cpp's"] = Pairs.Speed(rounds, "http", "node").Note;
            targets.Add(Target.AtLeast($"{name}, of a raw loop's", Pairs.Speed(rounds, "http", "raw").Median, "ratio", 0.95));
            targets.Add(Target.AtLeast($"{name}, of node-llama-cpp's", Pairs.Speed(rounds, "http", "node").Median, "ratio", 1.8));
        }
    }

    private Work Next(int parallel) => new(parallel, PromptTokens, AnswerTokens, _asked += parallel);

    private async Task<double> HostSecondsAsync(HostedModel asked, int parallel)
    {
        var work = Next(parallel);
        var questions = Enumerable.Range(work.First, parallel).Select(number => Work.Text(PromptTokens - TemplateTokens, number)).ToArray();
        var began = Stopwatch.GetTimestamp();
        var replies = await Task.WhenAll(questions.Select(question => asked.AskAsync(question, AnswerTokens)));
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
