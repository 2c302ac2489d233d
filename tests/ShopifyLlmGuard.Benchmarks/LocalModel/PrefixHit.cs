namespace ShopifyLlmGuard.Benchmarks.LocalModel;

/// <summary>The second question behind a system prompt of a thousand tokens, against the first one behind another.</summary>
internal static class PrefixHit
{
    private const int SharedTokens = 1000, Rounds = 20;
    private const string Measure = "prefix hit: time to first token with a 1,000-token shared prompt, of the time without";

    public static async Task<(IReadOnlyList<Target> Targets, object Notes)> RunAsync(string model)
    {
        await using var host = await HostedModel.StartAsync(model);
        var asked = 0;
        Func<int, Task<double>> known = _ => FirstTokenAsync(0), unknown = _ => FirstTokenAsync(++asked);
        var rounds = await Pairs.RunAsync(Rounds, ("unknown", unknown), ("known", known), ("unknown again", unknown));
        // How many times as long, not as fast.
        var ratio = Pairs.Speed(rounds, "unknown", "known");
        return (
            [Target.AtMost(Measure, ratio.Median, "ratio", 0.1)],
            new Dictionary<string, object>
            {
                [Measure] = ratio.Note,
                ["A/A, without"] = Pairs.Speed(rounds, "unknown again", "unknown").Note,
                ["milliseconds"] = rounds[0].Keys.ToDictionary(
                    who => who, who => Math.Round(1000 * new Pairs([.. rounds.Select(round => round[who])]).Median, 2)),
            });

        async Task<double> FirstTokenAsync(int shared)
        {
            var reply = await host.AskAsync("is it good for travel?", 8, system: Work.Text(SharedTokens, shared));
            return reply.IsWhole ? reply.FirstToken.TotalSeconds : throw new InvalidOperationException($"No answer: {reply.Status} {reply.Body}");
        }
    }
}
