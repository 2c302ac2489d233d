using ShopifyLlmGuard.Inference.Api;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Heartbeat;
using ShopifyLlmGuard.Inference.Proxy;
using ShopifyLlmGuard.Inference.Supervision;

namespace ShopifyLlmGuard.Inference.Tests.Supervision;

/// <summary>When a worker is ended, when the next one starts, and what is said meanwhile.</summary>
public sealed class WatchPolicyTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    [Theory]
    // busy for, last token ago, beat ago, deaf, look ago: milliseconds
    [InlineData(null, null, 200, false, 250, null)]
    [InlineData(null, 90_000L, 200, false, 250, null)]
    [InlineData(90_000L, 100L, 200, false, 250, null)]
    [InlineData(4_900L, null, 200, false, 250, null)]
    [InlineData(5_100L, null, 200, false, 250, "wedged")]
    [InlineData(100L, 90_000L, 200, false, 250, null)]
    [InlineData(90_000L, 5_100L, 200, false, 250, "wedged")]
    [InlineData(null, null, 5_100, false, 250, "silent")]
    [InlineData(90_000L, 5_100L, 5_100, false, 250, "silent")]
    [InlineData(null, null, 5_100, false, 3_000, null)]
    [InlineData(90_000L, 5_100L, 200, false, 3_000, null)]
    [InlineData(null, null, 200, true, 250, "broken")]
    public void A_worker_is_ended_when_it_is_of_no_use(long? busy, long? token, int beat, bool isDeaf, int look, string? expected)
    {
        var last = new Beat(new Health("ok", "tiny", null, token, 1, 0, 7, "cpu"), busy, null);

        var end = WatchPolicy.Judge(last, TimeSpan.FromMilliseconds(beat), isDeaf, TimeSpan.FromMilliseconds(look), Limit);

        Assert.Equal(expected, end?.Text());
    }

    [Theory]
    [InlineData(0, "exit")]
    [InlineData(1, "exit")]
    [InlineData(134, "abort")]
    [InlineData(139, "abort")]
    [InlineData(137, "killed")]
    [InlineData(143, "signal")]
    public void An_exit_code_tells_how_it_ended(int exitCode, string expected) => Assert.Equal(expected, WorkerEnds.Of(exitCode).Text());

    [Theory]
    [InlineData(1, false, 0.5, 0.25)]
    [InlineData(1, false, 0, 0)]
    [InlineData(2, false, 0.5, 0.5)]
    [InlineData(4, false, 0.5, 2)]
    [InlineData(7, false, 0.5, 15)]
    [InlineData(1_000, false, 0.5, 15)]
    [InlineData(1, true, 0, 10)]
    [InlineData(3, true, 0.5, 11)]
    [InlineData(1_000, true, 0.5, 25)]
    public void Restarts_back_off_with_full_jitter_up_to_a_cap(int series, bool isUnstable, double luck, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), RestartPolicy.Delay(series, isUnstable, luck));

    [Theory]
    [InlineData(new[] { 0, 1 }, 2, false)]
    [InlineData(new[] { 0, 1, 2 }, 2, true)]
    [InlineData(new[] { 0, 300, 600 }, 600, true)]
    [InlineData(new[] { 0, 300, 601 }, 601, false)]
    [InlineData(new[] { 0, 1, 2 }, 700, false)]
    public void Three_ends_in_ten_minutes_are_unstable(int[] ends, int now, bool expected) =>
        Assert.Equal(expected, RestartPolicy.IsUnstable(ends.Select(end => TimeSpan.FromSeconds(end)), TimeSpan.FromSeconds(now)));

    [Theory]
    [InlineData(false, true, false, "loading")]
    [InlineData(true, false, false, "ok")]
    [InlineData(false, false, false, "restarting")]
    [InlineData(true, false, true, "unstable")]
    [InlineData(false, false, true, "unstable")]
    public void Health_has_one_word_for_each_state(bool serves, bool hasNeverServed, bool isUnstable, string expected) =>
        Assert.Equal(expected, FrontHealth.StatusOf(serves, hasNeverServed, isUnstable));

    [Theory]
    // The machine has one, GPUs that llama.cpp found, layers on them.
    [InlineData(false, 0, 0, "cpu")]
    [InlineData(false, 1, 33, "gpu")]
    [InlineData(true, 1, 1, "gpu")]
    [InlineData(true, 0, 0, "cpu-despite-gpu")]
    [InlineData(true, 1, 0, "cpu-despite-gpu")]
    [InlineData(false, 1, 0, "cpu-despite-gpu")]
    public void A_gpu_that_nobody_uses_has_a_name(bool hasGpu, int devices, int layers, string expected) =>
        Assert.Equal(expected, Accelerator.Of(hasGpu, devices, layers));

    [Fact]
    public void Two_metrics_documents_become_one()
    {
        var merged = FrontMetrics.Merge(
            "# TYPE up gauge\n# HELP up One.\nup 1\n# EOF\n",
            "# TYPE up gauge\nup 2\n# TYPE llm_tokens counter\n# HELP llm_tokens Two.\nllm_tokens 3\n# TYPE up gauge\nup 4\n\n# EOF\n");

        Assert.Equal("# TYPE up gauge\n# HELP up One.\nup 1\n# TYPE llm_tokens counter\n# HELP llm_tokens Two.\nllm_tokens 3\n", merged);
    }
}
