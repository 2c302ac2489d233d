using ShopifyLlmGuard.Benchmarks.LocalModel;

namespace ShopifyLlmGuard.Benchmarks.InProcess;

/// <summary>A long prompt comes while others are being answered: how long they wait for their next token.</summary>
internal static class LongPrompt
{
    private const int PromptTokens = 4000, Others = 4, Rounds = 10;

    public static async Task<(IReadOnlyList<Target> Targets, object Notes)> RunAsync(string model)
    {
        using var engine = new OwnEngine(model);
        var starved = new List<long>();
        var rounds = await Pairs.RunAsync(
            Rounds,
            ("alone", _ => Task.FromResult(Alone(engine))),
            ("beside", _ => Task.FromResult(Beside(engine, starved))),
            ("alone again", _ => Task.FromResult(Alone(engine))));
        var batch = new Pairs([.. rounds.Select(round => round["alone"])]).Median;
        return (
        [
            Target.AtMost("a long prompt beside short answers: largest gap between the others' tokens", 1 + starved.Max(), "micro-batches", 1),
            Target.AtMost(
                "the same in time, against the longest micro-batch of that prompt alone", new Pairs([.. rounds.Select(round => round["beside"])]).Median, "ms",
                Math.Round(batch, 2)),
        ],
        new Dictionary<string, object>
        {
            ["largest gap of the longest micro-batch alone"] = Pairs.Speed(rounds, "alone", "beside").Note,
            ["A/A, the longest micro-batch alone"] = Pairs.Speed(rounds, "alone", "alone again").Note,
            ["load"] = "a prompt of 4,000 tokens beside four answers; the engine in the benchmark's process, watched from the other core",
        });
    }

    // The longest micro-batch of the prompt, in milliseconds.
    private static double Alone(OwnEngine engine)
    {
        var prompt = engine.Ask(PromptTokens, 4);
        var beats = new Beats(engine.Engine.Progress);
        beats.Look(() => prompt.PrefillLeft == 0);
        engine.End(prompt);
        return beats.Batches.Max();
    }

    // The largest gap between two tokens of an answer while the prompt was computed, in milliseconds.
    private static double Beside(OwnEngine engine, List<long> starved)
    {
        var others = Enumerable.Range(0, Others).Select(_ => engine.Ask(80, 2000)).ToArray();
        OwnEngine.Until(8, others);
        var prompt = engine.Ask(PromptTokens, 4);
        var beats = new Beats(engine.Engine.Progress, others[^1]);
        beats.Look(() => prompt.PrefillLeft == 0);
        engine.End([prompt, .. others]);
        starved.Add(beats.Starved);
        return beats.Tokens.Max();
    }
}
