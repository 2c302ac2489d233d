namespace ShopifyLlmGuard.Benchmarks.LocalModel;

/// <summary>Two things measured in the same rounds, in alternating order; each round gives one ratio.</summary>
internal sealed record Pairs(IReadOnlyList<double> Ratios)
{
    /// <summary>Two rounds of everything, to try the benchmark itself on a busy machine; such numbers mean nothing.</summary>
    public static bool IsTrial { get; } = Environment.GetEnvironmentVariable("BENCHMARK_TRIAL") == "1";

    /// <param name="seconds">What each round took, by who was measured; the warm-up is not among them.</param>
    /// <param name="who">How many times as fast is this one …</param>
    /// <param name="asWhom">… as this one.</param>
    public static Pairs Speed(IEnumerable<IReadOnlyDictionary<string, double>> seconds, string who, string asWhom) =>
        new([.. seconds.Select(round => round[asWhom] / round[who])]);

    public double Median => Quantile(0.5);

    /// <summary>Median and the middle half, for the notes.</summary>
    public object Note => new
    {
        rounds = Ratios.Count, median = Math.Round(Median, 3), lowerQuartile = Math.Round(Quantile(0.25), 3), upperQuartile = Math.Round(Quantile(0.75), 3),
    };

    public double Quantile(double share)
    {
        var sorted = Ratios.Order().ToArray();
        var at = share * (sorted.Length - 1);
        var below = (int)at;
        return sorted[below] + (at - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]);
    }

    /// <summary>Runs rounds of the same measurements, every other one backwards; the first round warms up and is dropped.</summary>
    public static async Task<IReadOnlyList<IReadOnlyDictionary<string, double>>> RunAsync(
        int rounds, params IReadOnlyList<(string Who, Func<int, Task<double>> Measure)> measurements)
    {
        var all = new List<IReadOnlyDictionary<string, double>>();
        for (var round = 0; round <= (IsTrial ? 2 : rounds); round++)
        {
            var values = new Dictionary<string, double>();
            foreach (var (who, measure) in round % 2 == 0 ? measurements : measurements.Reverse())
            {
                values[who] = await measure(round);
            }

            all.Add(values);
        }

        return all[1..];
    }
}
