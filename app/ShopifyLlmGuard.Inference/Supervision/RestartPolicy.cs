namespace ShopifyLlmGuard.Inference.Supervision;

/// <summary>When a worker that ended unasked starts again, and when that happens too often.</summary>
internal static class RestartPolicy
{
    /// <summary>So many restarts within <see cref="Window"/> are a state of their own: unstable.</summary>
    public const int Most = 3;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    /// <summary>A worker that has been ready for so long starts a new series.</summary>
    public static readonly TimeSpan Healthy = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan First = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LeastWhenUnstable = TimeSpan.FromSeconds(10);

    /// <param name="restarts">When workers ended unasked, on a clock that does not jump.</param>
    /// <param name="now">On the same clock.</param>
    public static bool IsUnstable(IEnumerable<TimeSpan> restarts, TimeSpan now) =>
        restarts.Count(restart => now - restart <= Window) >= Most;

    /// <param name="series">Ends in a row, this one included, each before the worker had been ready for long.</param>
    /// <param name="isUnstable">From <see cref="IsUnstable"/>, this end included.</param>
    /// <param name="luck">0 (inclusive) to 1 (exclusive): full jitter, so that many hosts do not start in step.</param>
    public static TimeSpan Delay(int series, bool isUnstable, double luck)
    {
        var longest = series > 6 ? Longest : First * Math.Pow(2, series - 1);
        var most = longest < Longest ? longest : Longest;
        return (isUnstable ? LeastWhenUnstable : TimeSpan.Zero) + most * luck;
    }
}
