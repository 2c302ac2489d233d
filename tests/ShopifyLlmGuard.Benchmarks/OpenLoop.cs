using System.Collections.Concurrent;
using System.Diagnostics;

namespace ShopifyLlmGuard.Benchmarks;

/// <summary>
/// Sends at a fixed rate whatever the server does, and times each answer from the moment at which it was due: a server that
/// stalls cannot hide it by slowing its callers down (coordinated omission).
/// </summary>
internal static class OpenLoop
{
    public sealed record Sample(double Milliseconds, bool Good);

    public static async Task<IReadOnlyList<Sample>> RunAsync(int perSecond, TimeSpan length, Func<int, Task<bool>> send)
    {
        var samples = new ConcurrentBag<Sample>();
        var calls = new List<Task>();
        var watch = Stopwatch.StartNew();
        var total = (int)(perSecond * length.TotalSeconds);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        for (var next = 0; next < total; await ticks.WaitForNextTickAsync())
        {
            for (; next < total && Due(next, perSecond) <= watch.Elapsed; next++)
            {
                calls.Add(OneAsync(next));
            }
        }

        await Task.WhenAll(calls);
        return [.. samples];

        async Task OneAsync(int index)
        {
            var good = await send(index);
            samples.Add(new((watch.Elapsed - Due(index, perSecond)).TotalMilliseconds, good));
        }
    }

    public static double Percentile(IEnumerable<Sample> samples, double share)
    {
        var sorted = samples.Select(sample => sample.Milliseconds).Order().ToArray();
        return sorted[Math.Min(sorted.Length - 1, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }

    private static TimeSpan Due(int index, int perSecond) => TimeSpan.FromSeconds((double)index / perSecond);
}
