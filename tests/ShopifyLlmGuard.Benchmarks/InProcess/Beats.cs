using System.Diagnostics;
using ShopifyLlmGuard.Inference.Engine;

namespace ShopifyLlmGuard.Benchmarks.InProcess;

/// <summary>When an engine's micro-batches end, and when one answer gets its tokens, seen by a thread that does nothing but look.</summary>
internal sealed class Beats(Progress progress, Generation? answer = null)
{
    private readonly List<long> _batches = [];
    private readonly List<long> _tokens = [];
    private readonly List<long> _lag = [];

    /// <summary>Milliseconds from each micro-batch's end to the next one's.</summary>
    public IReadOnlyList<double> Batches => Gaps(_batches);

    /// <summary>Milliseconds from each token of the answer to the next.</summary>
    public IReadOnlyList<double> Tokens => Gaps(_tokens);

    /// <summary>Micro-batches that gave the answer no token.</summary>
    public long Starved => _lag.Count < 2 ? 0 : _lag[^Math.Min(5, _lag.Count)..].Min() - _lag[..Math.Min(5, _lag.Count)].Min();

    /// <summary>Looks until told otherwise.</summary>
    public void Look(Func<bool> isOver)
    {
        var (steps, tokens) = (progress.Steps, answer?.Tokens.Length ?? 0);
        while (!isOver())
        {
            if (progress.Steps is var step && step != steps)
            {
                steps = step;
                _batches.Add(Stopwatch.GetTimestamp());
            }

            if (answer?.Tokens.Length is { } token && token != tokens)
            {
                tokens = token;
                _tokens.Add(Stopwatch.GetTimestamp());
                // A micro-batch is counted before its tokens are said: what was read late is more, never less.
                _lag.Add(progress.Steps - token);
            }
        }
    }

    private static IReadOnlyList<double> Gaps(List<long> times) =>
        [.. times.Zip(times.Skip(1), (one, next) => Stopwatch.GetElapsedTime(one, next).TotalMilliseconds)];
}
