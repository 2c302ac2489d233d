using ShopifyLlmGuard.Benchmarks.LocalModel;

namespace ShopifyLlmGuard.Benchmarks.InProcess;

/// <summary>A long prompt comes while others are being answered: how long they wait for their next token.</summary>
internal static class LongPrompt
{
    private const int PromptTokens = 4000, Others = 4, Rounds = 10;

    public static async Task<(IReadOnlyList<Target> Targets, object Notes)> RunAsync(string model)
    {
        using var engine = new OwnEngine(model);
        var (starved, gaps) = (new List<long>(), new List<double>());
        var rounds = await Pairs.RunAsync(
            Rounds,
            ("alone", _ => Task.FromResult(Alone(engine))),
            ("beside", _ => Task.FromResult(Beside(engine, starved, gaps))),
            ("alone again", _ => Task.FromResult(Alone(engine))));
        var gap = Math.Round(new Pairs([.. gaps]).Median, 2);
        return (
        [
            Target.AtMost("a long prompt beside short answers: largest gap between the others' tokens", 1 + starved.Max(), "micro-batches", 1),
            Target.AtMost("the same in time, of the longest micro-batch of the same run", gap, "ratio", 1),
        ],
        new Dictionary<string, object>
        {
            ["largest gap of the longest micro-batch of that prompt alone"] = Pairs.Speed(rounds, "alone", "beside").Note,
            ["A/A, the longest micro-batch alone"] = Pairs.Speed(rounds, "alone", "alone again").Note,
            ["milliseconds"] = rounds[0].Keys.ToDictionary(
                who => who, who => Math.Round(new Pairs([.. rounds.Select(round => round[who])]).Median, 2)),
            ["load"] = "a prompt of 4,000 tokens beside four answers; the engine in the benchmark's process, watched from the other core",
            ["why longer than alone"] = "a micro-batch has 256 tokens in both, but beside others four of them end in a choice, and all look past the others' cells",
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
    private static double Beside(OwnEngine engine, List<long> starved, List<double> gaps)
    {
        var others = Enumerable.Range(0, Others).Select(_ => engine.Ask(80, 2000)).ToArray();
        OwnEngine.Until(8, others);
        var prompt = engine.Ask(PromptTokens, 4);
        var beats = new Beats(engine.Engine.Progress, others[^1]);
        beats.Look(() => prompt.PrefillLeft == 0);
        engine.End([prompt, .. others]);
        starved.Add(beats.Starved);
        gaps.Add(beats.Tokens.Max() / beats.Batches.Max());
        return beats.Tokens.Max();
    }
}
