namespace ShopifyLlmGuard.Inference.Memory;

/// <summary>One kind of memory at one time.</summary>
/// <param name="What"><c>worker</c> (the process with the model), <c>machine</c>, <c>container</c> or <c>gpu-0</c>.</param>
/// <param name="Used">Bytes.</param>
/// <param name="Limit">Bytes.</param>
/// <param name="IsOurs">A new worker would free it; a whole machine's memory may be anybody's.</param>
internal sealed record MemoryReading(string What, long Used, long Limit, bool IsOurs)
{
    public const string OfWorker = "worker";

    /// <summary>The least that was used since the model was loaded; 0 when that is not known.</summary>
    public long Baseline { get; init; }

    public double Share => Limit > 0 ? (double)Used / Limit : 0;
}

/// <param name="At">On a clock that does not jump.</param>
/// <param name="Readings">What could be read; none is no news.</param>
internal sealed record MemorySample(TimeSpan At, IReadOnlyList<MemoryReading> Readings);

/// <param name="Soft">From this share on nothing new is accepted.</param>
/// <param name="Hard">From this share on the worker is replaced.</param>
internal sealed record MemoryLimits(double Soft, double Hard)
{
    /// <summary>Shedding ends this far below <see cref="Soft"/>, so that it does not flicker.</summary>
    public double Relief { get; init; } = 0.02;

    /// <summary>A worker that reaches the limit again sooner is not replaced again: that would help nobody.</summary>
    public TimeSpan RecycleEvery { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Growth that would reach <see cref="Hard"/> within this time is an alarm.</summary>
    public TimeSpan Horizon { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Growth is looked for in this long a past, and not before half of it has been seen.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(10);
}

internal enum MemoryState
{
    Ok,

    /// <summary>Nothing new is accepted; what runs goes on.</summary>
    Shed,

    /// <summary>The worker ends after its answers, and a new one starts.</summary>
    Recycle,
}

/// <param name="State">What to do.</param>
/// <param name="What">Whose memory is the reason; null when all is well.</param>
/// <param name="Growing">Whose memory grows so steadily that it will be full soon; null when none does.</param>
internal sealed record MemoryVerdict(MemoryState State, string? What, string? Growing)
{
    public static MemoryVerdict Fine { get; } = new(MemoryState.Ok, null, null);
}

/// <summary>Soft limit sheds, hard limit recycles, a slope is an alarm.</summary>
internal static class MemoryPolicy
{
    // How much of the movement a straight line must explain to be called growth.
    private const double Straight = 0.8;

    // A loaded model may fill most of a device for good. Then the limits divide what it leaves: half of that is work as usual.
    private const double UsualPart = 0.5;

    // Less growth than this share of the limit, in the whole window, is noise.
    private const double LeastGrowth = 0.01;

    /// <param name="samples">In order of time; the last one is now.</param>
    /// <param name="limits">The configured shares.</param>
    /// <param name="before">What was decided last time.</param>
    /// <param name="sinceRecycle">How long ago a worker was replaced for its memory; null when none was.</param>
    /// <param name="isSwapping">Two models are there for a while: only the process's own memory says anything about it.</param>
    public static MemoryVerdict Decide(
        IReadOnlyList<MemorySample> samples, MemoryLimits limits, MemoryState before, TimeSpan? sinceRecycle, bool isSwapping = false)
    {
        MemoryReading[] now = samples.Count == 0 ? [] : [.. samples[^1].Readings.Where(reading => !isSwapping || reading.What == MemoryReading.OfWorker)];
        if (now.Length == 0)
        {
            return MemoryVerdict.Fine;
        }

        var growing = now.FirstOrDefault(reading => FillsSoon(samples, reading, limits))?.What;
        var mayRecycle = sinceRecycle is null || sinceRecycle >= limits.RecycleEvery;
        if (mayRecycle && now.FirstOrDefault(reading => reading.IsOurs && IsFull(reading, limits.Hard, limits)) is { } full)
        {
            return new MemoryVerdict(MemoryState.Recycle, full.What, growing);
        }

        var soft = limits.Soft - (before == MemoryState.Ok ? 0 : limits.Relief);
        return now.Where(reading => IsFull(reading, soft, limits)).MaxBy(reading => reading.Share) is { } fullest
            ? new MemoryVerdict(MemoryState.Shed, fullest.What, growing)
            : new MemoryVerdict(MemoryState.Ok, null, growing);
    }

    private static bool IsFull(MemoryReading reading, double share, MemoryLimits limits)
    {
        var room = reading.Baseline > 0 && reading.Baseline < reading.Limit
            ? Math.Min(reading.Limit, (reading.Limit - reading.Baseline) * UsualPart / (1 - limits.Soft))
            : reading.Limit;
        return reading.Used >= reading.Limit - (1 - share) * room;
    }

    private static bool FillsSoon(IReadOnlyList<MemorySample> samples, MemoryReading reading, MemoryLimits limits)
    {
        var end = samples[^1].At;
        (double At, double Used)[] points = [.. samples
            .Where(sample => end - sample.At <= limits.Window)
            .SelectMany(sample => sample.Readings
                .Where(each => each.What == reading.What)
                .Select(each => (sample.At.TotalSeconds, (double)each.Used)))];
        if (points.Length < 3 || points[^1].At - points[0].At < limits.Window.TotalSeconds / 2)
        {
            return false;
        }

        var (slope, fit) = Line(points);
        var growth = slope * (points[^1].At - points[0].At);
        var left = limits.Hard * reading.Limit - reading.Used;
        return fit >= Straight && growth >= LeastGrowth * reading.Limit && left <= slope * limits.Horizon.TotalSeconds;
    }

    // Least squares: bytes a second, and how much of the movement that explains (r squared).
    private static (double Slope, double Fit) Line((double At, double Used)[] points)
    {
        var at = points.Average(point => point.At);
        var used = points.Average(point => point.Used);
        var both = points.Sum(point => (point.At - at) * (point.Used - used));
        var across = points.Sum(point => (point.At - at) * (point.At - at));
        var up = points.Sum(point => (point.Used - used) * (point.Used - used));
        return across > 0 && up > 0 ? (both / across, both * both / (across * up)) : (0, 0);
    }
}
