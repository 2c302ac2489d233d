using System.Diagnostics;
using ShopifyLlmGuard.Browser;

namespace ShopifyLlmGuard.Benchmarks.LocalModel;

/// <summary>
/// Tokens per second through HTTP, against the raw loop on the same library and against node-llama-cpp, which gets no HTTP to
/// carry. Measured twice: with tokens drawn as chats draw them, and with the likeliest taken. Kept prefixes are off, because no contender has any; what they cost when nobody needs them is told beside.
/// </summary>
internal sealed class Throughput(Contender raw, HostedModel host, HostedModel keeping, Contender peer, Contender peerWithout)
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
        string[] node = [Path.Combine([.. Folder, "peer.mjs"]), .. shape];
        // Its default, and what was faster on some processors: whichever is faster here is the peer.
        await using var peer = await Contender.StartAsync("node", node);
        await using var peerWithout = await Contender.StartAsync("node", [.. node, "off"]);
        string[] settings = ["--Inference:Context", "2048", "--Inference:Cells", $"{Cells}", "--Inference:Parallel", $"{Sequences}"];
        await using var host = await HostedModel.StartAsync(model, [.. settings, "--Inference:KeptPercent", "0"]);
        await using var keeping = await HostedModel.StartAsync(model, settings);
        var throughput = new Throughput(raw, host, keeping, peer, peerWithout);
        var targets = new List<Target>();
        var notes = new Dictionary<string, object>();
        foreach (var parallel in new[] { 1, 2, 4, 8 })
        {
            foreach (var isSampled in new[] { true, false })
            {
                await throughput.MeasureAsync(parallel, isSampled, targets, notes);
            }
        }

        return (targets, notes);
    }

    // One and two are measured for the picture; the promise is about company.
    private async Task MeasureAsync(int parallel, bool isSampled, List<Target> targets, Dictionary<string, object> notes)
    {
        Work Next() => new(parallel, PromptTokens, AnswerTokens, _asked += parallel, isSampled);
        (string, Func<int, Task<double>>) Direct(string who, Contender asked) => (who, _ => asked.SecondsAsync(Next()));
        (string, Func<int, Task<double>>) Http(string who, HostedModel asked) => (who, _ => HostSecondsAsync(asked, Next()));
        var isTarget = parallel >= 4;
        var rounds = await (isTarget
            ? Pairs.RunAsync(
                12, Direct("raw", raw), Http("http", host), Direct("node", peer), Direct("node without flash attention", peerWithout),
                Direct("raw again", raw), Http("http again", host), Http("http keeping prefixes", keeping))
            : Pairs.RunAsync(12, Direct("raw", raw), Http("http", host), Direct("raw again", raw)));
        var name = $"tokens/s through HTTP at {parallel} parallel, {(isSampled ? "drawn" : "the likeliest")}";
        double Speed(string who) => Math.Round(parallel * AnswerTokens / new Pairs([.. rounds.Select(round => round[who])]).Median);
        Pairs Of(string who, string asWhom) => Pairs.Speed(rounds, who, asWhom);
        notes[$"{name}: each"] = rounds[0].Keys.ToDictionary(who => who, Speed);
        notes[$"{name}: A/A, the raw loop"] = Of("raw again", "raw").Note;
        notes[$"{name}, of a raw loop's"] = Of("http", "raw").Note;
        if (isTarget)
        {
            var fastest = Speed("node") >= Speed("node without flash attention") ? "node" : "node without flash attention";
            notes[$"{name}: A/A, the host"] = Of("http again", "http").Note;
            notes[$"{name}, of node-llama-cpp's at its best"] = Of("http", fastest).Note;
            targets.Add(Target.AtLeast($"{name}, of a raw loop's", Of("http", "raw").Median, "ratio", 0.95));
            targets.Add(Target.AtLeast($"{name}, of node-llama-cpp's at its best", Of("http", fastest).Median, "ratio", 1.8));
        }
    }

    private static async Task<double> HostSecondsAsync(HostedModel asked, Work work)
    {
        var questions = Enumerable.Range(work.First, work.Parallel).Select(number => Work.Text(PromptTokens - TemplateTokens, number)).ToArray();
        var began = Stopwatch.GetTimestamp();
        var replies = await Task.WhenAll(questions.Select((question, index) => asked.AskAsync(question, AnswerTokens, sampling: work.Sampling(index))));
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
