using System.Globalization;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Benchmarks.LocalModel;

/// <summary>What every contender computes once: prompts at the same time, each with an answer of a fixed length, which no contender lets end before.</summary>
/// <param name="Parallel">How many answers.</param>
/// <param name="PromptTokens">Tokens of each prompt.</param>
/// <param name="AnswerTokens">Tokens of each answer.</param>
/// <param name="First">Number of the first prompt: none is ever asked twice, so that no contender can know its beginning.</param>
/// <param name="IsSampled">Tokens are drawn as chats draw them; else the likeliest are taken.</param>
internal sealed record Work(int Parallel, int PromptTokens, int AnswerTokens, int First, bool IsSampled)
{
    public const int TopK = 40;
    public const float Temperature = 0.8f, TopP = 0.95f;

    public static Work Parse(string line) =>
        line.Split(' ').Select(word => int.Parse(word, CultureInfo.InvariantCulture)).ToArray() is [var parallel, var prompt, var answer, var first, var sampled]
            ? new Work(parallel, prompt, answer, first, sampled != 0)
            : throw new FormatException(line);

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Parallel} {PromptTokens} {AnswerTokens} {First} {(IsSampled ? 1 : 0)}");

    /// <summary>How answer number <paramref name="index"/> is chosen; its seed is its prompt's number.</summary>
    public SamplingSettings Sampling(int index) =>
        IsSampled ? new SamplingSettings(Temperature, TopP, (uint)(First + index)) { TopK = TopK } : SamplingSettings.Greedy;

    /// <summary>Letters; each is a token of the benchmark's models.</summary>
    public static string Text(int length, int number) =>
        string.Concat(Enumerable.Range(0, length).Select(at => (char)('a' + (number * 7 + at * (1 + number % 5) + at * at % 11) % 26)));
}
