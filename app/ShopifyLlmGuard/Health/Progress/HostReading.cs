namespace ShopifyLlmGuard.Health.Progress;

/// <summary>What a host says about its own work. Null numbers: it does not say.</summary>
internal sealed record HostReading
{
    /// <summary>Requests that are being answered.</summary>
    public double? Running { get; init; }

    /// <summary>Requests that wait.</summary>
    public double? Queued { get; init; }

    /// <summary>A number that grows with everything computed, prompts included, and stands still only when the model does.</summary>
    public double? Computed { get; init; }

    /// <summary>How long it has been working without a pause.</summary>
    public TimeSpan? BusyFor { get; init; }

    /// <summary>How long ago it computed something.</summary>
    public TimeSpan? LastTokenAge { get; init; }

    /// <summary>What part of the memory for running answers is in use, 0 to 1.</summary>
    public double? KvUse { get; init; }

    /// <summary>What part of the fullest GPU's memory is in use, 0 to 1.</summary>
    public double? GpuUse { get; init; }

    /// <summary>Whether it has work; null: it does not say.</summary>
    public bool? IsBusy => Running is null && BusyFor is null ? null : Running > 0 || BusyFor > TimeSpan.Zero;

    /// <summary>How long it says that it has had work and computed nothing; null: it has none, or it does not say.</summary>
    public TimeSpan? Stands => IsBusy == true && BusyFor is { } busy ? (LastTokenAge < busy ? LastTokenAge : busy) : null;
}

/// <summary>Whose names a host uses on its <c>/metrics</c>. Pure.</summary>
internal static class HostMetrics
{
    // What grows: micro-batches here; llama_decode calls of llama.cpp's server; tokens of vLLM, of which an answer's and a prompt's count.
    private static readonly string[] Computed =
        ["llm_steps_total", "llamacpp:n_decode_total", "vllm:generation_tokens_total", "vllm:prompt_tokens_total"];

    private static readonly string[] Running = ["llm_running", "llamacpp:requests_processing", "vllm:num_requests_running"];
    private static readonly string[] Queued = ["llm_queued", "llamacpp:requests_deferred", "vllm:num_requests_waiting"];
    private static readonly string[] KvUse =
        ["llm_kv_cache_usage_ratio", "llamacpp:kv_cache_usage_ratio", "vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"];

    private const string BusyFor = "llm_busy_for_seconds";
    private const string LastTokenAge = "llm_last_token_age_seconds";
    private const string MemoryUsed = "llm_memory_used_bytes";
    private const string MemoryLimit = "llm_memory_limit_bytes";

    private static readonly HashSet<string> Names =
        [.. Computed, .. Running, .. Queued, .. KvUse, BusyFor, LastTokenAge, MemoryUsed, MemoryLimit];

    /// <summary>Whether a name means anything here.</summary>
    public static bool Knows(string name) => Names.Contains(name);

    /// <summary>The samples as one reading. Several of one name, such as one for each engine, are added up; of shares the largest counts.</summary>
    public static HostReading Read(IReadOnlyList<Sample> samples) => new()
    {
        Running = Sum(samples, Running),
        Queued = Sum(samples, Queued),
        Computed = Sum(samples, Computed),
        BusyFor = Seconds(samples, BusyFor),
        LastTokenAge = Seconds(samples, LastTokenAge),
        KvUse = Of(samples, KvUse).Max(),
        GpuUse = Gpus(samples).Max(),
    };

    private static IEnumerable<double?> Of(IReadOnlyList<Sample> samples, params string[] names) =>
        samples.Where(sample => names.Contains(sample.Name)).Select(sample => (double?)sample.Value);

    private static double? Sum(IReadOnlyList<Sample> samples, string[] names) =>
        Of(samples, names).ToList() is { Count: > 0 } values ? values.Sum() : null;

    private static TimeSpan? Seconds(IReadOnlyList<Sample> samples, string name) =>
        Of(samples, name).Max() is >= 0 and < 1e9 and var seconds ? TimeSpan.FromSeconds(seconds) : null;

    // The same labels tell which limit belongs to which use.
    private static IEnumerable<double?> Gpus(IReadOnlyList<Sample> samples) =>
        from used in samples
        where used.Name == MemoryUsed && used.Labels.Contains("of=\"gpu", StringComparison.Ordinal)
        from limit in samples
        where limit.Name == MemoryLimit && limit.Labels == used.Labels && limit.Value > 0
        select (double?)(used.Value / limit.Value);
}
