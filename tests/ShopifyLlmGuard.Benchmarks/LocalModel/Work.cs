using System.Globalization;

namespace ShopifyLlmGuard.Benchmarks.LocalModel;

/// <summary>What every contender computes once: prompts at the same time, each with an answer of a fixed length, the likeliest tokens.</summary>
/// <param name="Parallel">How many answers.</param>
/// <param name="PromptTokens">Tokens of each prompt.</param>
/// <param name="AnswerTokens">Tokens of each answer.</param>
/// <param name="First">Number of the first prompt: none is ever asked twice, so that no contender can know its beginning.</param>
internal sealed record Work(int Parallel, int PromptTokens, int AnswerTokens, int First)
{
    public static Work Parse(string line) =>
        line.Split(' ').Select(word => int.Parse(word, CultureInfo.InvariantCulture)).ToArray() is [var parallel, var prompt, var answer, var first]
            ? new Work(parallel, prompt, answer, first)
            : throw new FormatException(line);

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Parallel} {PromptTokens} {AnswerTokens} {First}");

    /// <summary>Letters; each is a token of the benchmark's models.</summary>
    public static string Text(int length, int number) =>
        string.Concat(Enumerable.Range(0, length).Select(at => (char)('a' + (number * 7 + at * (1 + number % 5) + at * at % 11) % 26)));
}
